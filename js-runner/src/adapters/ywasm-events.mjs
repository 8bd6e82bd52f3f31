/**
 * The events of Ywasm. Each object that a callback gets, or reads from its event, is freed when it has been read. What
 * was inserted is read after the transaction: the callback's own cannot read a text.
 *
 * @module
 */
import { deltaOp, eventOf, keyChange } from '../events.mjs'
import { encodeAttributes, equalJson } from '../values.mjs'
import { children } from './ywasm-read.mjs'

/** @typedef {import('./adapter.mjs').Event} Event */
/** @typedef {import('./adapter.mjs').Json} Json */
/** @typedef {import('./adapter.mjs').Observation} Observation */
/** @typedef {import('./adapter.mjs').Path} Path */
/** @typedef {import('./adapter.mjs').SubdocsEvent} SubdocsEvent */
/** @typedef {import('./ywasm-read.mjs').Reader} Reader */

/**
 * What a shared type holds, by key or index. Without embeds of texts.
 *
 * @param {any} Y
 * @param {any} type
 * @param {any} txn
 * @return {[string | number, any][]}
 */
const contentOf = (Y, type, txn) => {
  if (type instanceof Y.YMap) return Object.entries(type.entries(txn))
  if (type instanceof Y.YArray) return [...type.values(txn).entries()]
  return []
}

/**
 * Where a type stands now, which the API tells only below the observed type.
 *
 * @param {any} Y
 * @param {any} parent
 * @param {Json} id
 * @param {any} txn
 * @return {Path | undefined} below `parent`
 */
const search = (Y, parent, id, txn) => {
  if (equalJson(parent.id, id)) return []
  /** @type {Path | undefined} */
  let found
  const visit = (/** @type {string | number} */ key, /** @type {any} */ item) => {
    const below = found === undefined ? search(Y, item, id, txn) : undefined
    if (below !== undefined) found = [key, ...below]
  }
  for (const [key, item] of contentOf(Y, parent, txn)) {
    if (item?.__wbg_ptr === undefined) continue
    visit(key, item)
    item.free()
  }
  if (parent.firstChild !== undefined) {
    let index = 0
    children(parent, txn, child => { visit(index++, child) })
  }
  return found
}

/**
 * @param {any} op
 * @param {boolean} text
 * @param {Reader} reader
 * @param {any} txn
 */
const readOp = ({ insert, retain, delete: deleted, attributes }, text, { value, fetched }, txn) => {
  const encoded = attributes && encodeAttributes(Object.entries(attributes), shared => fetched(shared, txn))
  if (retain !== undefined) return deltaOp({ retain }, encoded)
  if (deleted !== undefined) return { delete: deleted }
  if (!text) return { insert: value(insert, txn) }
  return deltaOp({ insert: typeof insert === 'string' ? insert : { $embed: value(insert, txn) } }, encoded)
}

/**
 * @param {any} change
 * @param {Reader} reader
 * @param {any} txn
 */
const readChange = ({ action, oldValue, newValue }, { value }, txn) => {
  const gone = oldValue?.__wbg_ptr !== undefined
  if (gone) oldValue.free()
  return keyChange(action, gone ? undefined : value(oldValue, txn), () => value(newValue, txn))
}

/**
 * @param {any} Y
 * @param {any} event
 * @param {Path} observed
 * @return {(reader: Reader, txn: any) => Event | undefined} to be called after the transaction
 */
const heard = (Y, event, observed) => {
  const text = event instanceof Y.YTextEvent || event instanceof Y.YXmlTextEvent
  const delta = event.delta ?? []
  const keys = Object.entries(event.keys ?? {})
  const path = [...observed, ...event.path()]
  event.free()
  return (reader, txn) => eventOf(
    path,
    delta.map((/** @type {any} */ op) => readOp(op, text, reader, txn)),
    keys.map(([key, change]) => [key, readChange(change, reader, txn)])
  )
}

/**
 * @param {any} Y
 * @param {any} root of the target
 * @param {any} target
 * @param {Observation} observation
 * @param {(read: (reader: Reader, txn: any) => Event | undefined) => void} tell
 * @return {any} what ends the observation when it is freed
 */
export const observe = (Y, root, target, { path, deep }, tell) => {
  const { id } = target
  const observedPath = (/** @type {any} */ txn) => {
    const below = path.length === 1 || id === undefined ? undefined : search(Y, root, id, txn)
    return below === undefined ? path : [path[0], ...below]
  }
  const listener = (/** @type {any} */ told, /** @type {any} */ txn) => {
    const observed = observedPath(txn)
    for (const event of deep ? told : [told]) tell(heard(Y, event, observed))
    txn?.free()
  }
  return deep ? target.observeDeep(listener) : target.observe(listener)
}

/**
 * @param {any[]} docs
 * @return {string[]}
 */
const guids = docs => docs.map(doc => {
  const { guid } = doc
  doc.free()
  return guid
})

/**
 * @param {any} ydoc
 * @param {(event: SubdocsEvent) => void} tell
 * @return {any} what ends the observation when it is freed
 */
export const observeSubdocs = (ydoc, tell) => ydoc.onSubdocs((/** @type {any} */ event, /** @type {any} */ txn) => {
  tell({ added: guids(event.added), removed: guids(event.removed), loaded: guids(event.loaded) })
  event.free()
  txn?.free()
})
