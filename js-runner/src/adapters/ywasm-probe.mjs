/**
 * What the loaded Ywasm can do.
 *
 * @module
 */
import { momentFeatures } from './ywasm-moments.mjs'
import { begin } from './ywasm-transaction.mjs'

/**
 * @param {any} Y
 * @param {(ydoc: any) => unknown} action
 * @return {boolean} false when it throws or returns false
 */
const works = (Y, action) => {
  const ydoc = new Y.YDoc({ clientID: 1 })
  try {
    return action(ydoc) !== false
  } catch {
    return false
  } finally {
    try { ydoc.free() } catch { /* what panicked stays borrowed */ }
  }
}

/**
 * Writes a value into a map and reads it back.
 *
 * @param {any} value
 */
const keeps = value => (/** @type {any} */ ydoc) => {
  const map = ydoc.getMap('m')
  map.set('k', value)
  const entries = map.entries()
  map.free()
  return Object.hasOwn(entries, 'k') && typeof entries.k === typeof value && entries.k?.constructor === value?.constructor
}

/**
 * A document can have a client id of 53 bits. What becomes of it on the way to another document is for the vectors to show.
 *
 * @param {any} Y
 */
const takesLargeClients = Y => {
  const ydoc = new Y.YDoc({ clientID: Number.MAX_SAFE_INTEGER })
  const { id } = ydoc
  ydoc.free()
  return id === Number.MAX_SAFE_INTEGER
}

/**
 * The kinds of values that it writes. Some are a panic in some versions, which leaves the memory unfit: after one that
 * failed, the next has a copy of its own.
 *
 * @param {() => any} fresh
 * @return {string[]}
 */
const valueFeatures = fresh => {
  let copy = fresh()
  /** @type {Record<string, (ydoc: any) => unknown>} */
  const probes = {
    'value.undefined': keeps(undefined),
    'value.doc': ydoc => { ydoc.getMap('m').set('k', new copy.YDoc({ guid: 'g' })) },
    'value.bytes': keeps(new Uint8Array(1)),
    'value.bigint': keeps(BigInt(1))
  }
  return Object.entries(probes).filter(([, probe]) => {
    const written = works(copy, probe)
    if (!written) copy = fresh()
    return written
  }).map(([feature]) => feature)
}

/** @param {any} Y */
const keepsOrigins = Y => works(Y, ydoc => {
  const txn = begin(ydoc, 'o')
  const { origin } = txn
  txn.free()
  return origin === 'o'
})

/** Feature -> the method or the property that it needs. */
const undo = Object.freeze({ undo: 'undo', redo: 'redo', 'undo.stop': 'stopCapturing', 'undo.clear': 'clear', 'undo.can': 'canUndo' })

/**
 * @param {any} Y
 * @return {string[]}
 */
const undoFeatures = Y => {
  if (typeof Y.YUndoManager !== 'function') return []
  const { prototype } = Y.YUndoManager
  const features = Object.entries(undo).filter(([, name]) => name in prototype).map(([feature]) => feature)
  if ('addTrackedOrigin' in prototype) features.push('undo.origins')
  return ['undo.track', 'undo.timeout', 'undo.manager', ...features]
}

/**
 * @param {any} Y
 * @return {string[]}
 */
const eventFeatures = Y => {
  const types = { text: Y.YText, array: Y.YArray, map: Y.YMap, xml: Y.YXmlFragment }
  const kinds = Object.entries(types).filter(([, type]) => typeof type.prototype.observe === 'function').map(([kind]) => `observe.${kind}`)
  if (kinds.length === 0) return []
  return ['observe', 'events', ...kinds, ...(typeof Y.YMap.prototype.observeDeep === 'function' ? ['observe.deep'] : [])]
}

/**
 * @param {any} Y
 * @return {string[]}
 */
const subdocFeatures = ({ YDoc: { prototype } }) => {
  const features = 'load' in prototype ? ['doc'] : []
  if ('getSubdocGuids' in prototype && 'onSubdocs' in prototype) features.push('subdocs', 'subdocs.observe', 'subdocs.events')
  return features
}

/**
 * @param {any} Y
 * @param {() => any} fresh a copy of the library to panic in
 * @param {string[]} localOps
 * @return {Set<string>}
 */
export const probe = (Y, fresh, localOps) => {
  const features = new Set([
    'encode', 'apply', 'state_vector', 'state', 'wrap', 'transact', 'emit', 'emit.v2', 'gc.off',
    'root.text', 'root.array', 'root.map', 'value.text', 'value.array', 'value.map', 'text.insert.attributes'
  ])
  // Before XML nodes had a constructor they were made in place, and the formats of an XML text could not be read.
  const xml = typeof Y.YXmlElement.prototype.insert === 'function' && typeof Y.YXmlText.prototype.toDelta === 'function'
  for (const op of localOps) {
    if (xml || !op.startsWith('xml.')) features.add(op)
  }
  if (xml) for (const feature of ['root.xml', 'value.xml', 'value.xmltext', 'value.fragment']) features.add(feature)
  if (typeof Y.encodeStateAsUpdateV2 === 'function') features.add('encode.v2')
  if (typeof Y.applyUpdateV2 === 'function') features.add('apply.v2')
  if ('pendingStructs' in Y.YTransaction.prototype) features.add('pending')
  for (const feature of [...momentFeatures(Y), ...undoFeatures(Y), ...eventFeatures(Y)]) features.add(feature)
  if (keepsOrigins(Y)) features.add('origin')
  if (takesLargeClients(Y)) features.add('client.53')
  for (const feature of valueFeatures(fresh)) features.add(feature)
  if (features.has('value.doc')) for (const feature of subdocFeatures(Y)) features.add(feature)
  return features
}
