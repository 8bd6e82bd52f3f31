/**
 * Typed values: the JSON of PROTOCOL.md to and from the values of a library.
 *
 * @module
 */
import { Malformed, Unsupported } from './adapters/adapter.mjs'

/** @typedef {any} Json what `JSON.parse` gives */
/** @typedef {{insert: any, embed: boolean, attributes: Record<string, any> | undefined}} Chunk a part of a text, in values of the library; `insert` is a string unless `embed` */
/** @typedef {{insert: Json, attributes?: Record<string, Json>}} JsonChunk */
/** @typedef {import('./adapters/adapter.mjs').Adapter} Adapter */

const dollar = '$'.charCodeAt(0)

/**
 * Own property, also when the key is `__proto__`.
 *
 * @param {Record<string, any>} object
 * @param {string} key
 * @param {any} value
 */
export const put = (object, key, value) => {
  if (key === '__proto__') Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true })
  else object[key] = value
}

/**
 * @param {Uint8Array} bytes
 * @return {string}
 */
export const toBase64 = bytes => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')

/**
 * A plain Uint8Array of its own: libraries look at the constructor, and Buffer's pool must not be kept alive by them.
 *
 * @param {string} base64
 * @return {Uint8Array}
 */
export const fromBase64 = base64 => new Uint8Array(Buffer.from(base64, 'base64'))

/**
 * The value that the JSON stands for, with shared types made by the library.
 *
 * @param {Json} json
 * @param {Adapter} lib
 * @return {any}
 * @throws {Unsupported} a kind of value that the library cannot write
 */
export const decode = (json, lib) => {
  if (typeof json !== 'object' || json === null) return json
  if (Array.isArray(json)) {
    // A loop, here and below: it leaves more of the stack to values that nest deep.
    const values = []
    for (const item of json) values.push(decode(item, lib))
    return values
  }
  for (const key in json) {
    if (key.charCodeAt(0) === dollar) return decodeTagged(json, lib)
  }
  return decodeObject(json, lib)
}

/**
 * @param {Record<string, Json>} json
 * @param {Adapter} lib
 * @return {Record<string, any>}
 */
export const decodeObject = (json, lib) => {
  /** @type {Record<string, any>} */
  const object = {}
  for (const key in json) put(object, key, decode(json[key], lib))
  return object
}

/**
 * @param {Record<string, Json> | undefined} json
 * @param {Adapter} lib
 * @return {[string, any][]}
 */
const decodeEntries = (json, lib) => Object.entries(json ?? {}).map(([key, value]) => [key, decode(value, lib)])

/**
 * @param {string | JsonChunk[]} json
 * @param {Adapter} lib
 * @return {Chunk[]}
 */
const decodeChunks = (json, lib) => {
  if (typeof json === 'string') return json === '' ? [] : [{ insert: json, embed: false, attributes: undefined }]
  return json.map(({ insert, attributes }) => {
    const embed = typeof insert !== 'string'
    return {
      insert: embed ? decode(insert.$embed, lib) : insert,
      embed,
      attributes: attributes && decodeObject(attributes, lib)
    }
  })
}

/**
 * A delta that changes a text, in values of the library.
 *
 * @param {Json[]} json
 * @param {Adapter} lib
 * @return {{insert?: any, retain?: number, delete?: number, attributes?: Record<string, any>}[]}
 */
export const decodeDelta = (json, lib) => json.map(({ attributes, ...op }) => ({
  ...op,
  ...(op.insert === undefined ? {} : { insert: typeof op.insert === 'string' ? op.insert : decode(op.insert.$embed, lib) }),
  ...(attributes === undefined ? {} : { attributes: decodeObject(attributes, lib) })
}))

/**
 * Refuses early what the library cannot write, by the name of the feature.
 *
 * @param {Adapter} lib
 * @param {string} feature
 */
const need = (lib, feature) => {
  if (!lib.features.has(feature)) throw new Unsupported(feature)
}

/** @type {Readonly<Record<string, (json: any, lib: Adapter) => any>>} */
const tags = Object.freeze({
  $undefined: (_, lib) => { need(lib, 'value.undefined'); return undefined },
  $bigint: (json, lib) => { need(lib, 'value.bigint'); return BigInt(json.$bigint) },
  $number: json => Number(json.$number),
  $bytes: (json, lib) => { need(lib, 'value.bytes'); return fromBase64(json.$bytes) },
  $object: (json, lib) => decodeObject(json.$object, lib),
  $text: (json, lib) => { need(lib, 'value.text'); return lib.types.text(decodeChunks(json.$text, lib)) },
  $array: (json, lib) => { need(lib, 'value.array'); return lib.types.array(decode(json.$array, lib)) },
  $map: (json, lib) => { need(lib, 'value.map'); return lib.types.map(decodeEntries(json.$map, lib)) },
  $fragment: (json, lib) => { need(lib, 'value.fragment'); return lib.types.fragment(decode(json.$fragment, lib)) },
  $element: (json, lib) => {
    need(lib, 'value.xml')
    return lib.types.element(json.$element, decodeEntries(json.attributes, lib), decode(json.children ?? [], lib))
  },
  $xmltext: (json, lib) => {
    need(lib, 'value.xmltext')
    return lib.types.xmltext(decodeChunks(json.$xmltext, lib), decodeEntries(json.attributes, lib))
  },
  $doc: (json, lib) => { need(lib, 'value.doc'); return lib.types.doc(json.$doc) }
})

/**
 * @param {Record<string, Json>} json
 * @param {Adapter} lib
 */
const decodeTagged = (json, lib) => {
  for (const key in json) {
    if (Object.hasOwn(tags, key)) return tags[key](json, lib)
  }
  throw new Malformed(`not a value: an object with the keys ${Object.keys(json).join(', ')}`)
}

/**
 * The JSON of a value of the document.
 *
 * @param {any} value
 * @param {(shared: object) => Json} readShared what is neither plain data nor bytes
 * @return {Json}
 */
export const encode = (value, readShared) => {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value
    case 'number':
      if (value !== value || value === Infinity || value === -Infinity) return { $number: String(value) } // eslint-disable-line no-self-compare
      return Object.is(value, -0) ? { $number: '-0' } : value
    case 'undefined':
      return { $undefined: true }
    case 'bigint':
      return { $bigint: String(value) }
    case 'object':
      if (value === null) return null
      if (Array.isArray(value)) return encodeArray(value, readShared)
      if (value instanceof Uint8Array) return { $bytes: toBase64(value) }
      if (isPlain(value)) return encodeObject(value, readShared)
      return readShared(value)
    default:
      throw new Malformed(`the document holds a ${typeof value}`)
  }
}

/**
 * @param {any[]} value
 * @param {(shared: object) => Json} readShared
 * @return {Json[]}
 */
const encodeArray = (value, readShared) => {
  const items = []
  for (const item of value) items.push(encode(item, readShared))
  return items
}

/**
 * Plain data. A library may have made data the prototype, where the document has a key `__proto__`; an instance of a
 * class has the class's prototype, which knows its constructor.
 *
 * @param {object} value
 */
const isPlain = value => {
  const proto = Object.getPrototypeOf(value)
  return proto === Object.prototype || proto === null || !Object.hasOwn(proto, 'constructor')
}

/**
 * @param {Record<string, any>} value
 * @param {(shared: object) => Json} readShared
 * @return {Json}
 */
const encodeObject = (value, readShared) => {
  /** @type {Record<string, Json>} */
  const object = {}
  let tagged = false
  for (const key of Object.keys(value)) {
    if (key.charCodeAt(0) === dollar) tagged = true
    put(object, key, encode(value[key], readShared))
  }
  return tagged ? { $object: object } : object
}

/**
 * @param {Iterable<[string, any]>} entries
 * @param {(shared: object) => Json} readShared
 * @return {Record<string, Json> | undefined} undefined when there are none: empty attributes are left out
 */
export const encodeAttributes = (entries, readShared) => {
  /** @type {Record<string, Json> | undefined} */
  let attributes
  for (const [key, value] of entries) put(attributes ??= {}, key, encode(value, readShared))
  return attributes
}

/**
 * The content of `$text`: a string when plain, else chunks, with neighbours of equal attributes joined.
 *
 * @param {JsonChunk[]} chunks with encoded inserts and attributes
 * @return {string | JsonChunk[]}
 */
export const joinChunks = chunks => {
  /** @type {JsonChunk[]} */
  const joined = []
  let plain = true
  for (const { insert, attributes } of chunks) {
    if (insert === '') continue
    const last = joined[joined.length - 1]
    if (last !== undefined && typeof insert === 'string' && typeof last.insert === 'string' && equalJson(last.attributes, attributes)) {
      last.insert += insert
    } else {
      joined.push(attributes === undefined ? { insert } : { insert, attributes })
    }
    if (attributes !== undefined || typeof insert !== 'string') plain = false
  }
  return plain ? (joined.length === 0 ? '' : joined[0].insert) : joined
}

/**
 * @param {Json} a
 * @param {Json} b
 * @return {boolean}
 */
export const equalJson = (a, b) => {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) || Array.isArray(b)) {
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((item, i) => equalJson(item, b[i]))
  }
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every(key => Object.hasOwn(b, key) && equalJson(a[key], b[key]))
}
