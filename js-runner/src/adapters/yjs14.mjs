/**
 * Yjs 14: one class for every shared type, with attributes and children. What a type is shows only in the type
 * reference that it had on the wire; a root's kind is what the session says.
 *
 * @module
 */
import { lacks } from './adapter.mjs'
import { deltaOf, documentFeatures, documents, takesLargeClients, textContent, valueFeatures } from './documents.mjs'
import { eventFeatures } from './events.mjs'
import { subdocFeatures } from './subdocs.mjs'
import * as classes from './yjs.mjs'
import { deltaOp, eventOf, keyChange } from '../events.mjs'
import { decode, decodeDelta, decodeObject, encode, encodeAttributes } from '../values.mjs'

/** @typedef {import('./adapter.mjs').Adapter} Adapter */
/** @typedef {import('./adapter.mjs').Json} Json */
/** @typedef {import('./adapter.mjs').RootKind} RootKind */
/** @typedef {import('./adapter.mjs').Event} Event */
/** @typedef {import('./adapter.mjs').TypeFactory} TypeFactory */
/** @typedef {import('./index.mjs').Loaded} Loaded */

/** Type references on the wire, in their order: an index in this list. A hook is a map. */
const kinds = Object.freeze(/** @type {const} */ (['array', 'map', 'text', 'element', 'xml', 'map', 'xmltext']))

/** @type {Adapter['local']} */
const local = Object.freeze({
  'text.insert': (_, type, step, lib) => { type.insert(step.index, step.text, step.attributes && decodeObject(step.attributes, lib)) },
  'text.embed': (_, type, step, lib) => {
    type.insert(step.index, [decode(step.value, lib)], step.attributes && decodeObject(step.attributes, lib))
  },
  'text.format': (_, type, step, lib) => { type.format(step.index, step.length, decodeObject(step.attributes, lib)) },
  'text.delete': (_, type, step) => { type.delete(step.index, step.length) },
  'text.delta': (_, type, step, lib) => { type.applyDelta(deltaOf(type, decodeDelta(step.delta, lib))) },
  'array.insert': (_, type, step, lib) => { type.insert(step.index, decode(step.values, lib)) },
  'array.delete': (_, type, step) => { type.delete(step.index, step.length) },
  'map.set': (_, type, step, lib) => { type.setAttr(step.key, decode(step.value, lib)) },
  'map.delete': (_, type, step) => { type.deleteAttr(step.key) },
  'map.clear': (_, type) => { type.clearAttrs() },
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
 * A shared type inside another, or a subdocument. The library takes a reference that it does not know for a type
 * without a name, which it writes as a fragment.
 *
 * @param {any} shared
 * @return {Json}
 */
const read = shared => {
  if (shared.guid !== undefined) return { $doc: shared.guid }
  return readers[kinds[shared._legacyTypeRef] ?? 'xml'](shared)
}

/**
 * @param {any} op
 * @param {boolean} text
 */
const readOps = ({ insert, retain, delete: deleted, format }, text) => {
  const attributes = format ? encodeAttributes(Object.entries(format), read) : undefined
  if (retain !== undefined) return [deltaOp({ retain }, attributes)]
  if (deleted !== undefined) return [{ delete: deleted }]
  if (typeof insert === 'string') return [deltaOp({ insert }, attributes)]
  if (!text) return [{ insert: encode(insert, read) }]
  return insert.map((/** @type {any} */ embed) => deltaOp({ insert: { $embed: encode(embed, read) } }, attributes))
}

/**
 * @param {any} Y
 * @param {any} op sets or deletes an attribute
 * @return {[string, Json]}
 */
const readAttr = (Y, op) => {
  const { key, value, prevValue } = op
  const old = prevValue instanceof Y.Type || prevValue instanceof Y.Doc ? undefined : encode(prevValue, read)
  if (!Object.hasOwn(op, 'value')) return [key, keyChange('delete', old, () => null)]
  return [key, keyChange(prevValue === undefined ? 'add' : 'update', old, () => encode(value, read))]
}

/**
 * @param {any} Y
 * @param {any} event
 * @param {import('./adapter.mjs').Observation} observation
 * @return {Event | undefined}
 */
const readEvent = (Y, { target, delta }, { path: [name], kind }) => {
  let root = target
  while (root.parent !== null) root = root.parent
  const text = (target === root ? kind : kinds[target._legacyTypeRef] ?? 'xml').includes('text')
  return eventOf(
    [name, ...Y.getPathTo(root, target)],
    [...delta.children].flatMap(op => readOps(op, text)),
    [...delta.attrs].map(op => readAttr(Y, op))
  )
}

/**
 * @param {any} Y
 * @return {Adapter['observe']}
 */
const observer = Y => (_, target, observation, tell) => {
  const listener = (/** @type {any} */ event, /** @type {any} */ transaction) => {
    // A deep observer gets one event with a nested delta, which no longer says what kind a nested type is.
    for (const one of observation.deep ? transaction.changedParentTypes.get(target) : [event]) {
      const json = readEvent(Y, one, observation)
      if (json !== undefined) tell(transaction, json)
    }
  }
  if (observation.deep) target.observeDeep(listener)
  else target.observe(listener)
}

/**
 * @param {Loaded} loaded
 * @param {Adapter['observe']} observe
 * @return {Set<string>}
 */
const probe = (loaded, observe) => {
  const Y = loaded.library
  const features = new Set(documentFeatures(loaded))
  for (const op in local) features.add(op)
  if (!('change' in Y.Type.prototype)) features.delete('text.delta')
  if (typeof Y.Type.prototype.clearAttrs !== 'function') features.delete('map.clear')
  for (const feature of ['root.text', 'root.array', 'root.map', 'root.xml', 'value.xml', 'value.fragment', 'text.insert.attributes']) features.add(feature)
  for (const feature of valueFeatures(Y, (doc, value) => doc.get('m').setAttr('k', value), doc => doc.get('m').getAttr('k'))) features.add(feature)
  for (const feature of subdocFeatures(Y, (doc, subdocument) => { doc.get('m').setAttr('k', subdocument) })) features.add(feature)
  const change = (/** @type {any} */ doc) => {
    doc.get('t').insert(0, 'a')
    return doc.get('t')
  }
  for (const feature of eventFeatures(Y, observe, change)) features.add(feature)
  if (takesLargeClients(Y, change)) features.add('client.53')
  return features
}

/**
 * @param {Loaded} loaded
 * @return {Adapter}
 */
export const adapt = loaded => {
  const { library: Y, version } = loaded
  const name = 'yjs14'
  if (Y.Type === undefined) return Object.freeze({ ...classes.adapt(loaded), name })
  const types = factory(Y)
  /** @type {Adapter['root']} */
  const root = (doc, key) => doc.get(key)
  const observe = observer(Y)
  return Object.freeze({
    ...documents(loaded, root),
    name,
    version,
    features: probe(loaded, observe),
    lossy: Object.freeze([]),
    child: (_, parent, key) => typeof key === 'number' ? parent.get(key) : parent.getAttr(key),
    isShared: value => value instanceof Y.Type,
    kind: shared => kinds[shared._legacyTypeRef] ?? 'xml',
    length: (_, shared) => shared.length,
    local,
    types,
    observe,
    read: (doc, key, kind) => readers[kind](root(doc, key, kind))
  })
}
