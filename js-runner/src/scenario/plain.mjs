/**
 * Values of documents that are files, as the protocol writes them, and as JavaScript's JSON reads them from a file:
 * every number is a double, and a property that is undefined is not there.
 *
 * @module
 */
import { Malformed } from '../adapters/adapter.mjs'
import { encode, fromBase64, put } from '../values.mjs'

/** @typedef {import('../values.mjs').Json} Json */

/** @type {Readonly<Record<string, (content: any) => any>>} */
const tags = Object.freeze({
  $number: content => Number(content),
  $bigint: content => Number(BigInt(content)),
  $bytes: content => fromBase64(content),
  $object: content => object(content)
})

/**
 * @param {Record<string, Json>} json
 * @return {Record<string, any>}
 */
const object = json => {
  /** @type {Record<string, any>} */
  const made = {}
  for (const key of Object.keys(json)) put(made, key, decodePlain(json[key]))
  return made
}

/**
 * @param {Json} json
 * @return {any}
 */
export const decodePlain = json => {
  if (typeof json !== 'object' || json === null) return json
  if (Array.isArray(json)) return json.map(decodePlain)
  for (const key of Object.keys(json)) {
    if (Object.hasOwn(tags, key)) return tags[key](json[key])
    if (key.startsWith('$')) throw new Malformed(`no value of a file: ${key}`)
  }
  return object(json)
}

/**
 * @param {any} value
 * @return {Json}
 */
export const encodePlain = value => encode(present(value), shared => ({ $object: { ['$' + shared.constructor?.name]: String(shared) } }))

/**
 * The value without properties that are undefined, which no JSON has.
 *
 * @param {any} value
 * @return {any}
 */
const present = value => {
  if (Array.isArray(value)) return value.map(present)
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  if (Object.getPrototypeOf(value) !== Object.prototype) return value
  /** @type {Record<string, any>} */
  const kept = {}
  for (const key of Object.keys(value)) {
    if (value[key] !== undefined) put(kept, key, present(value[key]))
  }
  return kept
}
