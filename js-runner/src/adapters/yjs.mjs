/**
 * Yjs with one class per kind of shared type: 13, and 14 before its types became one.
 *
 * @module
 */
import { Malformed, Unsupported } from './adapter.mjs'
import { deltaOf, documentFeatures, documents, takesLargeClients, textContent, valueFeatures } from './documents.mjs'
import { eventFeatures, observer } from './events.mjs'
import { works } from './probe.mjs'
import { subdocFeatures } from './subdocs.mjs'
import { decode, decodeDelta, decodeObject, encode, encodeAttributes } from '../values.mjs'

/** @typedef {import('./adapter.mjs').Adapter} Adapter */
/** @typedef {import('./adapter.mjs').Chunk} Chunk */
/** @typedef {import('./adapter.mjs').Json} Json */
/** @typedef {import('./adapter.mjs').RootKind} RootKind */
/** @typedef {import('./adapter.mjs').TypeFactory} TypeFactory */
/** @typedef {import('./index.mjs').Loaded} Loaded */

/** @type {Readonly<Record<RootKind, string>>} */
const getters = Object.freeze({ text: 'getText', array: 'getArray', map: 'getMap', xml: 'getXmlFragment' })

/**
 * A text among XML nodes took attributes only late in 13.
 *
 * @param {any} node
 * @return {any} the node, when it can have attributes
 */
const attributed = node => {
  if (node.setAttribute === undefined && node.format !== undefined) throw new Unsupported('xmltext.attributes')
  return node
}

/** @type {Adapter['local']} */
const local = Object.freeze({
  'text.insert': (_, text, step, lib) => {
    // Without attributes the text takes on those at its place; with an empty object it would not.
    if (step.attributes === undefined) text.insert(step.index, step.text)
    else text.insert(step.index, step.text, decodeObject(step.attributes, lib))
  },
  'text.embed': (_, text, step, lib) => { text.insertEmbed(step.index, decode(step.value, lib), decodeObject(step.attributes ?? {}, lib)) },
  'text.format': (_, text, step, lib) => { text.format(step.index, step.length, decodeObject(step.attributes, lib)) },
  'text.delete': (_, text, step) => { text.delete(step.index, step.length) },
  'text.delta': (_, text, step, lib) => { text.applyDelta(deltaOf(text, decodeDelta(step.delta, lib))) },
  'array.insert': (_, array, step, lib) => { array.insert(step.index, decode(step.values, lib)) },
  'array.delete': (_, array, step) => { array.delete(step.index, step.length) },
  'map.set': (_, map, step, lib) => { map.set(step.key, decode(step.value, lib)) },
  'map.delete': (_, map, step) => { map.delete(step.key) },
  'map.clear': (_, map) => { map.clear() },
  'xml.insert': (_, node, step, lib) => { node.insert(step.index, decode(step.nodes, lib)) },
  'xml.delete': (_, node, step) => { node.delete(step.index, step.length) },
  'xml.set': (_, node, step, lib) => { attributed(node).setAttribute(step.name, decode(step.value, lib)) },
  'xml.unset': (_, node, step) => { attributed(node).removeAttribute(step.name) }
})

/**
 * @param {any} text a new Y.Text or Y.XmlText
 * @param {Chunk[]} chunks
 */
const fill = (text, chunks) => {
  let index = 0
  for (const { insert, embed, attributes = {} } of chunks) {
    // Attributes are always given: a chunk does not take on those of the chunk before it.
    if (embed) text.insertEmbed(index, insert, attributes)
    else text.insert(index, insert, attributes)
    index += embed ? 1 : insert.length
  }
  return text
}

/**
 * @param {any} Y
 * @return {TypeFactory}
 */
const factory = Y => ({
  text: chunks => fill(new Y.Text(), chunks),
  array: values => {
    const array = new Y.Array()
    array.insert(0, values)
    return array
  },
  map: entries => {
    const map = new Y.Map()
    for (const [key, value] of entries) map.set(key, value)
    return map
  },
  fragment: children => {
    const fragment = new Y.XmlFragment()
    fragment.insert(0, children)
    return fragment
  },
  element: (name, attributes, children) => {
    const element = new Y.XmlElement(name)
    for (const [key, value] of attributes) element.setAttribute(key, value)
    element.insert(0, children)
    return element
  },
  xmltext: (chunks, attributes) => {
    const text = fill(new Y.XmlText(), chunks)
    for (const [key, value] of attributes) attributed(text).setAttribute(key, value)
    return text
  },
  doc: guid => new Y.Doc({ guid })
})

/**
 * @param {any} Y
 * @return {Adapter['kind']}
 */
const kindOf = Y => {
  /** @type {Map<any, import('./adapter.mjs').Kind>} */
  const kinds = new Map([
    [Y.Text, 'text'], [Y.Array, 'array'], [Y.Map, 'map'], [Y.XmlHook, 'map'],
    [Y.XmlFragment, 'xml'], [Y.XmlElement, 'element'], [Y.XmlText, 'xmltext']
  ])
  return shared => kinds.get(shared.constructor) ?? 'map'
}

/**
 * How each class is read.
 *
 * @param {any} Y
 * @return {(shared: any) => Json}
 */
const reader = Y => {
  /** @param {any} list */
  const items = list => list.toArray().map(value)
  /** @param {any} map */
  const entries = map => {
    /** @type {[string, any][]} */
    const pairs = []
    map.forEach((/** @type {any} */ item, /** @type {string} */ key) => { pairs.push([key, item]) })
    return encodeAttributes(pairs, read) ?? {}
  }
  /** @param {any} node */
  const attributes = node => node.getAttributes === undefined ? undefined : encodeAttributes(Object.entries(node.getAttributes()), read)
  /** @type {[any, (type: any) => Json][]} */
  const readers = [
    [Y.Text, text => ({ $text: textContent(text, read) })],
    [Y.Array, array => ({ $array: items(array) })],
    [Y.Map, map => ({ $map: entries(map) })],
    [Y.XmlFragment, fragment => ({ $fragment: items(fragment) })],
    [Y.XmlElement, element => {
      const children = items(element)
      return withoutEmpty({ $element: element.nodeName, attributes: attributes(element), children: children.length > 0 ? children : undefined })
    }],
    [Y.XmlText, text => withoutEmpty({ $xmltext: textContent(text, read), attributes: attributes(text) })],
    // A hook is a map that a browser shows in its own way.
    [Y.XmlHook, hook => ({ $map: entries(hook) })],
    [Y.Doc, doc => ({ $doc: doc.guid })]
  ]
  const byClass = new Map(readers)
  /** @param {any} shared */
  const read = shared => {
    const readType = byClass.get(shared.constructor)
    if (readType === undefined) throw new Malformed(`the document holds a ${shared.constructor?.name}`)
    return readType(shared)
  }
  /** @param {any} item */
  const value = item => encode(item, read)
  return read
}

/**
 * @param {Record<string, Json>} node
 * @return {Json} without the keys that are undefined
 */
const withoutEmpty = node => {
  for (const key in node) {
    if (node[key] === undefined) delete node[key]
  }
  return node
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
  if (!works(Y, doc => { doc.getText('t').applyDelta(deltaOf(doc.getText('t'), [{ insert: 'a' }])) })) features.delete('text.delta')
  if (typeof Y.Map.prototype.clear !== 'function') features.delete('map.clear')
  for (const kind in getters) features.add('root.' + kind)
  for (const feature of ['text.insert.attributes', 'value.text', 'value.array', 'value.map', 'value.xml', 'value.fragment', 'value.xmltext']) features.add(feature)
  for (const feature of valueFeatures(Y, (doc, value) => doc.getMap('m').set('k', value), doc => doc.getMap('m').get('k'))) features.add(feature)
  for (const feature of subdocFeatures(Y, (doc, subdocument) => { doc.getMap('m').set('k', subdocument) })) features.add(feature)
  const change = (/** @type {any} */ doc) => {
    doc.getText('t').insert(0, 'a')
    return doc.getText('t')
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
  const types = factory(Y)
  const read = reader(Y)
  /** @type {Adapter['root']} */
  const root = (doc, name, kind) => doc[getters[kind]](name)
  const observe = observer(Y, read)
  return Object.freeze({
    ...documents(loaded, root),
    name: 'yjs',
    version,
    features: probe(loaded, observe),
    lossy: Object.freeze([]),
    // An XML node got its `get` late in 13.
    child: (_, parent, key) => parent.get === undefined ? parent.toArray?.()[key] : parent.get(key),
    isShared: value => value instanceof Y.AbstractType,
    kind: kindOf(Y),
    length: (_, shared) => shared.length,
    local,
    types,
    observe,
    read: (doc, name, kind) => read(root(doc, name, kind))
  })
}
