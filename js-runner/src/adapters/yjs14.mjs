/**
 * Yjs 14: one class for every shared type, with attributes and children. What a type is shows only in the type
 * reference that it had on the wire; a root's kind is what the session says.
 *
 * @module
 */
import { lacks } from './adapter.mjs'
import { documentFeatures, documents, takesLargeClients, textContent, valueFeatures, works } from './documents.mjs'
import * as classes from './yjs.mjs'
import { decode, decodeObject, encode, encodeAttributes } from '../values.mjs'

/** @typedef {import('./adapter.mjs').Adapter} Adapter */
/** @typedef {import('./adapter.mjs').Json} Json */
/** @typedef {import('./adapter.mjs').RootKind} RootKind */
/** @typedef {import('./adapter.mjs').TypeFactory} TypeFactory */

/** Type references on the wire, in their order: an index in this list. A hook is a map. */
const kinds = Object.freeze(['array', 'map', 'text', 'element', 'xml', 'map', 'xmltext'])

/** @type {Adapter['local']} */
const local = Object.freeze({
  'text.insert': (_, type, step, lib) => { type.insert(step.index, step.text, step.attributes && decodeObject(step.attributes, lib)) },
  'text.embed': (_, type, step, lib) => {
    type.insert(step.index, [decode(step.value, lib)], step.attributes && decodeObject(step.attributes, lib))
  },
  'text.format': (_, type, step, lib) => { type.format(step.index, step.length, decodeObject(step.attributes, lib)) },
  'text.delete': (_, type, step) => { type.delete(step.index, step.length) },
  'array.insert': (_, type, step, lib) => { type.insert(step.index, decode(step.values, lib)) },
  'array.delete': (_, type, step) => { type.delete(step.index, step.length) },
  'map.set': (_, type, step, lib) => { type.setAttr(step.key, decode(step.value, lib)) },
  'map.delete': (_, type, step) => { type.deleteAttr(step.key) },
  'xml.insert': (_, type, step, lib) => { type.insert(step.index, decode(step.nodes, lib)) },
  'xml.delete': (_, type, step) => { type.delete(step.index, step.length) },
  'xml.set': (_, type, step, lib) => { type.setAttr(step.name, decode(step.value, lib)) },
  'xml.unset': (_, type, step) => { type.deleteAttr(step.name) }
})

/**
 * A new type is written as an element when it has a name, else as a fragment. The other references cannot be asked for.
 *
 * @param {any} Y
 * @return {TypeFactory}
 */
const factory = Y => {
  /**
   * @param {string | undefined} name
   * @param {[string, any][]} attributes
   * @param {any[]} children
   */
  const create = (name, attributes, children) => {
    const type = new Y.Type(name)
    for (const [key, value] of attributes) type.setAttr(key, value)
    if (children.length > 0) type.insert(0, children)
    return type
  }
  return {
    text: lacks('value.text'),
    array: lacks('value.array'),
    map: lacks('value.map'),
    fragment: children => create(undefined, [], children),
    element: create,
    xmltext: lacks('value.xmltext'),
    doc: guid => new Y.Doc({ guid })
  }
}

/**
 * @param {any} type
 * @return {[string, any][]}
 */
const attributesOf = type => {
  /** @type {[string, any][]} */
  const entries = []
  type.forEachAttr((/** @type {any} */ value, /** @type {string} */ key) => { entries.push([key, value]) })
  return entries
}

/**
 * @param {any} type
 * @return {Json[]}
 */
const childrenOf = type => type.slice().map((/** @type {any} */ item) => encode(item, read))

/**
 * @param {any} type
 * @return {{attributes?: Json}}
 */
const attributes = type => {
  const encoded = encodeAttributes(attributesOf(type), read)
  return encoded === undefined ? {} : { attributes: encoded }
}

/** @type {Readonly<Record<string, (type: any) => Json>>} */
const readers = Object.freeze({
  text: type => ({ $text: textContent(type, read) }),
  array: type => ({ $array: childrenOf(type) }),
  map: type => ({ $map: encodeAttributes(attributesOf(type), read) ?? {} }),
  xml: type => ({ $fragment: childrenOf(type) }),
  element: type => {
    const children = childrenOf(type)
    return { $element: type.name, ...attributes(type), ...(children.length > 0 ? { children } : {}) }
  },
  xmltext: type => ({ $xmltext: textContent(type, read), ...attributes(type) })
})

/**
 * A shared type inside another, or a subdocument.
 *
 * @param {any} shared
 * @return {Json}
 */
const read = shared => shared.guid === undefined ? readers[kinds[shared._legacyTypeRef]](shared) : { $doc: shared.guid }

/**
 * @param {any} Y
 * @param {TypeFactory} types
 * @return {Set<string>}
 */
const probe = (Y, types) => {
  const features = new Set(documentFeatures(Y))
  for (const op in local) features.add(op)
  for (const feature of ['root.text', 'root.array', 'root.map', 'root.xml', 'value.xml', 'value.fragment', 'text.insert.attributes']) features.add(feature)
  for (const feature of valueFeatures(Y, (doc, value) => doc.get('m').setAttr('k', value), doc => doc.get('m').getAttr('k'))) features.add(feature)
  if (!works(Y, doc => { doc.get('m').setAttr('k', types.doc('g')) })) features.delete('value.doc')
  if (takesLargeClients(Y, doc => { doc.get('t').insert(0, 'a') })) features.add('client.53')
  return features
}

/**
 * @param {import('../library.mjs').Loaded} loaded
 * @return {Adapter}
 */
export const adapt = loaded => {
  const { library: Y, version } = loaded
  const name = 'yjs14'
  if (Y.Type === undefined) return Object.freeze({ ...classes.adapt(loaded), name })
  const types = factory(Y)
  /** @type {Adapter['root']} */
  const root = (doc, key) => doc.get(key)
  return Object.freeze({
    ...documents(Y, root),
    name,
    version,
    features: probe(Y, types),
    lossy: Object.freeze([]),
    child: (_, parent, key) => typeof key === 'number' ? parent.get(key) : parent.getAttr(key),
    isShared: value => value instanceof Y.Type,
    local,
    types,
    read: (doc, key, kind) => readers[kind](root(doc, key, kind))
  })
}
