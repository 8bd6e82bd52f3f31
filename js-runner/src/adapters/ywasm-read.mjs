/**
 * Typed values of Ywasm's shared types. Each object that is fetched on the way is freed when it has been read.
 *
 * @module
 */
import { Malformed, Unsupported } from './adapter.mjs'
import { encode, encodeAttributes, joinChunks } from '../values.mjs'

/** @typedef {import('./adapter.mjs').Json} Json */

/**
 * The children of an XML node, which the API gives one by one.
 *
 * @template T
 * @param {any} node
 * @param {any} txn
 * @param {(child: any) => T} read the child is freed after it
 * @return {T[]}
 */
export const children = (node, txn, read) => {
  /** @type {T[]} */
  const found = []
  for (let child = node.firstChild(txn); child !== undefined && child !== null;) {
    found.push(read(child))
    const next = child.nextSibling(txn)
    child.free()
    child = next
  }
  return found
}

/**
 * @param {any} node
 * @param {string | number} index
 * @param {any} txn
 * @return {any} undefined when there is none
 */
export const nthChild = (node, index, txn) => {
  if (node.firstChild === undefined || typeof index !== 'number') return undefined
  let child = node.firstChild(txn)
  for (let i = 0; i < index && child !== undefined && child !== null; i++) {
    const next = child.nextSibling(txn)
    child.free()
    child = next
  }
  return child ?? undefined
}

/**
 * `read` reads a shared type, `fetched` frees it too, and `value` reads what may be a shared type.
 *
 * @typedef {{read: (shared: any, txn: any) => Json, fetched: (shared: any, txn: any) => Json, value: (item: any, txn: any) => Json}} Reader
 */

/**
 * @param {any} Y
 * @return {Reader}
 */
export const reader = Y => {
  /**
   * @param {any} text
   * @param {any} txn
   */
  const chunks = (text, txn) => joinChunks(text.toDelta(undefined, undefined, undefined, txn).map((/** @type {any} */ { insert, attributes }) => ({
    insert: typeof insert === 'string' ? insert : { $embed: value(insert, txn) },
    attributes: attributes && encodeAttributes(Object.entries(attributes), shared => fetched(shared, txn))
  })))
  /**
   * @param {any} node
   * @param {any} txn
   */
  const attributes = (node, txn) => {
    const read = encodeAttributes(Object.entries(node.attributes(txn)), shared => fetched(shared, txn))
    return read === undefined ? {} : { attributes: read }
  }
  /** @type {[any, (type: any, txn: any) => Json][]} */
  const readers = [
    [Y.YText, (text, txn) => ({ $text: chunks(text, txn) })],
    [Y.YArray, (array, txn) => ({ $array: array.values(txn).map((/** @type {any} */ item) => value(item, txn)) })],
    [Y.YMap, (map, txn) => ({ $map: encodeAttributes(Object.entries(map.entries(txn)), shared => fetched(shared, txn)) ?? {} })],
    [Y.YXmlFragment, (fragment, txn) => ({ $fragment: children(fragment, txn, child => read(child, txn)) })],
    [Y.YXmlElement, (element, txn) => {
      const nodes = children(element, txn, child => read(child, txn))
      return { $element: element.name(txn), ...attributes(element, txn), ...(nodes.length > 0 ? { children: nodes } : {}) }
    }],
    [Y.YXmlText, (text, txn) => {
      if (text.toDelta === undefined) throw new Unsupported('value.xmltext')
      return { $xmltext: chunks(text, txn), ...attributes(text, txn) }
    }],
    [Y.YDoc, doc => ({ $doc: doc.guid })]
  ]
  const byClass = new Map(readers)
  /**
   * @param {any} shared
   * @param {any} txn
   */
  const read = (shared, txn) => {
    const readType = byClass.get(shared.constructor)
    if (readType === undefined) throw new Malformed(`the document holds a ${shared.constructor?.name}`)
    return readType(shared, txn)
  }
  /**
   * @param {any} shared
   * @param {any} txn
   */
  const fetched = (shared, txn) => {
    const json = read(shared, txn)
    shared.free()
    return json
  }
  /**
   * @param {any} item
   * @param {any} txn
   */
  const value = (item, txn) => encode(item, shared => fetched(shared, txn))
  return { read, fetched, value }
}
