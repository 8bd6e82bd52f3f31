/**
 * The form that events have in PROTOCOL.md.
 *
 * @module
 */
import { equalJson } from './values.mjs'

/** @typedef {import('./adapters/adapter.mjs').Event} Event */
/** @typedef {import('./adapters/adapter.mjs').Path} Path */
/** @typedef {import('./values.mjs').Json} Json */
/** @typedef {{insert?: Json, retain?: number, delete?: number, attributes?: Json}} DeltaOp */

/**
 * @param {DeltaOp[]} ops in encoded values
 * @return {DeltaOp[]}
 */
const joinOps = ops => {
  /** @type {DeltaOp[]} */
  const joined = []
  for (const op of ops) {
    const last = joined[joined.length - 1]
    if (typeof op.insert === 'string' && typeof last?.insert === 'string' && equalJson(op.attributes, last.attributes)) last.insert += op.insert
    else joined.push({ ...op })
  }
  const last = joined[joined.length - 1]
  if (last?.retain !== undefined && last.attributes === undefined) joined.pop()
  return joined
}

/**
 * An op of a delta, without what is not there.
 *
 * @param {DeltaOp} op
 * @param {Json | undefined} attributes
 * @return {DeltaOp}
 */
export const deltaOp = (op, attributes) => attributes === undefined ? op : { ...op, attributes }

/**
 * How an entry changed.
 *
 * @param {string} action
 * @param {Json | undefined} old undefined when it cannot be read
 * @param {() => Json} read the new value
 * @return {Json}
 */
export const keyChange = (action, old, read) => ({
  action,
  ...(action === 'add' || old === undefined ? {} : { old }),
  ...(action === 'delete' ? {} : { new: read() })
})

/**
 * @param {Path} path
 * @param {DeltaOp[]} ops
 * @param {[string, Json][]} changes
 * @return {Event | undefined} undefined when it tells of nothing
 */
export const eventOf = (path, ops, changes) => {
  const delta = joinOps(ops)
  if (delta.length === 0 && changes.length === 0) return undefined
  return { path, ...(delta.length > 0 ? { delta } : {}), ...(changes.length > 0 ? { keys: Object.fromEntries(changes) } : {}) }
}
