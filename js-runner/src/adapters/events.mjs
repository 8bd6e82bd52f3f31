/**
 * The events of Yjs with one class per kind of shared type.
 *
 * @module
 */
import { deltaOp, eventOf, keyChange } from '../events.mjs'
import { encode, encodeAttributes } from '../values.mjs'
import { works } from './probe.mjs'

/** @typedef {import('./adapter.mjs').Adapter} Adapter */
/** @typedef {import('./adapter.mjs').Event} Event */
/** @typedef {import('./adapter.mjs').Json} Json */
/** @typedef {import('./adapter.mjs').Path} Path */
/** @typedef {(shared: any) => Json} Reader */

/**
 * The path that the library tells of an event to an observer of the root.
 *
 * @param {any} event
 * @return {Path}
 */
const pathFromRoot = event => {
  const { currentTarget } = event
  let root = event.target
  while (root._item !== null) root = root._item.parent
  // Late versions keep the path of the observer that asked first.
  event._path = null
  event.currentTarget = root
  const { path } = event
  event._path = null
  event.currentTarget = currentTarget
  return path
}

/**
 * @param {any} op
 * @param {boolean} text
 * @param {Reader} read
 */
const readOp = ({ insert, retain, delete: deleted, attributes }, text, read) => {
  const encoded = attributes && encodeAttributes(Object.entries(attributes), read)
  if (retain !== undefined) return deltaOp({ retain }, encoded)
  if (deleted !== undefined) return { delete: deleted }
  if (!text) return { insert: encode(insert, read) }
  return deltaOp({ insert: typeof insert === 'string' ? insert : { $embed: encode(insert, read) } }, encoded)
}

/**
 * @param {any} Y
 * @param {any} event
 * @param {string} root
 * @param {Reader} read
 * @return {Event | undefined}
 */
const readEvent = (Y, event, root, read) => {
  const { target } = event
  const text = target instanceof Y.Text
  const ops = text ? event.delta : event.changes.delta
  const keys = event.keys ?? event.changes.keys
  const get = (/** @type {string} */ key) => target.getAttribute === undefined ? target.get(key) : target.getAttribute(key)
  const gone = (/** @type {any} */ value) => value instanceof Y.AbstractType || value instanceof Y.Doc
  return eventOf(
    [root, ...pathFromRoot(event)],
    ops.map((/** @type {any} */ op) => readOp(op, text, read)),
    [...keys].map(([key, { action, oldValue }]) =>
      [key, keyChange(action, gone(oldValue) ? undefined : encode(oldValue, read), () => encode(get(key), read))])
  )
}

/**
 * @param {any} Y
 * @param {Reader} read
 * @return {Adapter['observe']}
 */
export const observer = (Y, read) => (_, target, { path: [root], deep }, tell) => {
  const listener = (/** @type {any} */ told, /** @type {any} */ transaction) => {
    for (const event of deep ? told : [told]) {
      const json = readEvent(Y, event, String(root), read)
      if (json !== undefined) tell(transaction, json)
    }
  }
  if (deep) target.observeDeep(listener)
  else target.observe(listener)
}

/**
 * @param {any} Y
 * @param {Adapter['observe']} observe
 * @param {(doc: any) => any} change a local op on the text `t`, which it returns
 * @return {string[]} features
 */
export const eventFeatures = (Y, observe, change) => {
  const observes = (/** @type {boolean} */ deep) => works(Y, doc => {
    /** @type {Event[]} */
    const events = []
    observe(doc, change(doc), { path: ['t'], kind: 'text', deep }, (_, event) => { events.push(event) })
    change(doc)
    return events.length === 1
  })
  if (!observes(false)) return []
  const features = ['observe', 'events', 'observe.text', 'observe.array', 'observe.map', 'observe.xml']
  return observes(true) ? [...features, 'observe.deep'] : features
}
