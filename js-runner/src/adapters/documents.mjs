/**
 * What the 13 and the 14 line of Yjs share: all but their shared types.
 *
 * @module
 */
import { REMOTE, describe, isStackOverflow } from './adapter.mjs'
import { momentFeatures, moments } from './moments.mjs'
import { works } from './probe.mjs'
import { protocolFeatures, speaking } from './protocols.mjs'
import { subdocs } from './subdocs.mjs'
import { undoFeatures, undoManagers } from './undo.mjs'
import { encode, encodeAttributes, joinChunks } from '../values.mjs'

/** @typedef {import('./adapter.mjs').Adapter} Adapter */
/** @typedef {import('./adapter.mjs').Format} Format */
/** @typedef {import('./adapter.mjs').Json} Json */
/** @typedef {import('./adapter.mjs').PeerOptions} PeerOptions */
/** @typedef {import('./adapter.mjs').RootKind} RootKind */
/** @typedef {import('./index.mjs').Loaded} Loaded */

/**
 * Feature -> the exported function that it needs.
 */
const functions = Object.freeze({
  encode: 'encodeStateAsUpdate',
  'encode.v2': 'encodeStateAsUpdateV2',
  apply: 'applyUpdate',
  'apply.v2': 'applyUpdateV2',
  state_vector: 'encodeStateVector',
  merge: 'mergeUpdates',
  'merge.v2': 'mergeUpdatesV2',
  diff: 'diffUpdate',
  'diff.v2': 'diffUpdateV2',
  update_state_vector: 'encodeStateVectorFromUpdate',
  'update_state_vector.v2': 'encodeStateVectorFromUpdateV2',
  convert: 'convertUpdateFormatV1ToV2'
})

/**
 * The origin of a transaction is what it was given.
 *
 * @param {any} Y
 */
const keepsOrigins = Y => works(Y, doc => {
  let seen
  doc.on('afterTransaction', (/** @type {any} */ { origin }) => { seen = origin })
  doc.transact(() => {}, 'o')
  return seen === 'o'
})

/**
 * The features that lie in documents and updates.
 *
 * @param {Loaded} loaded
 * @return {string[]}
 */
export const documentFeatures = ({ library: Y, protocols }) => {
  const features = Object.entries(functions).filter(([, name]) => typeof Y[name] === 'function').map(([feature]) => feature)
  features.push('transact', 'state', 'wrap', 'pending', 'emit', 'gc.off')
  // The v2 encoder came together with the event that uses it.
  if (features.includes('encode.v2')) features.push('emit.v2')
  if (keepsOrigins(Y)) features.push('origin')
  return [...features, ...momentFeatures(Y), ...undoFeatures(Y), ...protocolFeatures(protocols)]
}

/**
 * The values that a library writes and reads back, as an entry of a map: that an array may still throw at the same
 * value is an error of its own.
 *
 * @param {any} Y
 * @param {(doc: any, value: any) => void} set
 * @param {(doc: any) => any} get
 * @return {string[]} features
 */
export const valueFeatures = (Y, set, get) => {
  const probes = { 'value.undefined': undefined, 'value.bigint': BigInt(1), 'value.bytes': new Uint8Array(1) }
  return Object.entries(probes).filter(([, value]) => works(Y, doc => {
    set(doc, value)
    const copy = new Y.Doc()
    Y.applyUpdate(copy, Y.encodeStateAsUpdate(doc))
    const back = get(copy)
    return typeof back === typeof value && back?.constructor === value?.constructor
  })).map(([feature]) => feature)
}

/**
 * A document can have a client id of 53 bits. What becomes of it on the way to another document is for the vectors to show.
 *
 * @param {any} Y
 * @param {(doc: any) => void} change a local op on a document
 */
export const takesLargeClients = (Y, change) => works(Y, doc => {
  doc.clientID = Number.MAX_SAFE_INTEGER
  change(doc)
  return doc.store.clients.has(Number.MAX_SAFE_INTEGER)
})

/**
 * Structs or deletes that wait. Before 13.5 the structs waited by client, on a stack, and the deletes as readers.
 *
 * @param {any} doc
 */
const pending = ({ store }) => 'pendingStructs' in store
  ? store.pendingStructs !== null || store.pendingDs !== null
  : store.pendingClientsStructRefs.size > 0 || store.pendingStack.length > 0 || store.pendingDeleteReaders.length > 0

/**
 * @param {any} Y
 * @param {any} doc
 * @param {Format} format
 * @param {() => void} body
 * @param {string | undefined} origin
 * @return {Uint8Array | null}
 */
const emitted = (Y, doc, format, body, origin) => {
  const event = format === 'v2' ? 'updateV2' : 'update'
  /** @type {Uint8Array[]} */
  const updates = []
  /** @param {Uint8Array} update */
  const listener = update => { updates.push(update) }
  const merges = typeof Y.mergeUpdates === 'function'
  const before = merges ? undefined : Y.encodeStateVector(doc)
  doc.on(event, listener)
  try {
    doc.transact(body, origin)
  } finally {
    doc.off(event, listener)
  }
  if (updates.length < 2) return updates.length === 0 ? null : updates[0]
  // The clean-up of redundant format marks is a transaction of its own, and its update has to be forwarded too.
  const v2 = format === 'v2'
  if (merges) return (v2 ? Y.mergeUpdatesV2 : Y.mergeUpdates)(updates)
  return (v2 ? Y.encodeStateAsUpdateV2 : Y.encodeStateAsUpdate)(doc, before)
}

/**
 * The part of the adapter that is the same in both lines.
 *
 * @param {Loaded} loaded
 * @param {(doc: any, name: string, kind: RootKind) => any} root
 */
export const documents = ({ library: Y, protocols }, root) => ({
  ...moments(Y),
  ...subdocs(Y),
  ...speaking(protocols),
  /** @param {PeerOptions} options */
  create: options => {
    // Nothing depends on the guid, and a random one costs a third of a small session.
    const doc = new Y.Doc({ guid: 'peer', gc: options.gc !== false })
    // The constructor does not take it.
    doc.clientID = options.client
    return doc
  },
  close: () => {},
  root,
  /** @type {Adapter['transact']} */
  transact: (doc, body, emit, origin) => {
    if (emit !== null) return emitted(Y, doc, emit, body, origin)
    doc.transact(body, origin)
    return null
  },
  /** @type {Adapter['encode']} */
  encode: (doc, since, format) => (format === 'v2' ? Y.encodeStateAsUpdateV2 : Y.encodeStateAsUpdate)(doc, since),
  /** @type {Adapter['apply']} */
  apply: (doc, update, format) => { (format === 'v2' ? Y.applyUpdateV2 : Y.applyUpdate)(doc, update, REMOTE) },
  /** @type {Adapter['stateVector']} */
  stateVector: doc => Y.encodeStateVector(doc),
  pending,
  /** @type {Adapter['merge']} */
  merge: (updates, format) => (format === 'v2' ? Y.mergeUpdatesV2 : Y.mergeUpdates)(updates),
  /** @type {Adapter['diff']} */
  diff: (update, since, format) => (format === 'v2' ? Y.diffUpdateV2 : Y.diffUpdate)(update, since),
  /** @type {Adapter['updateStateVector']} */
  updateStateVector: (update, format) => (format === 'v2' ? Y.encodeStateVectorFromUpdateV2 : Y.encodeStateVectorFromUpdate)(update),
  /** @type {Adapter['convert']} */
  convert: (update, from, to) => {
    if (from === to) return update
    return (from === 'v1' ? Y.convertUpdateFormatV1ToV2 : Y.convertUpdateFormatV2ToV1)(update)
  },
  /** @type {Adapter['undoManager']} */
  undoManager: undoManagers(Y),
  isPanic: isStackOverflow,
  describe,
  restartAfterPanic: false
})

/**
 * The parts of a text. In 13 a delta is a list of ops, in 14 an object with children, of which one may insert several embeds.
 *
 * @param {any} text
 * @param {(shared: object) => Json} read
 * @return {ReturnType<typeof joinChunks>}
 */
export const textContent = (text, read) => {
  // 14.0.0-16 has the classes of 13, and calls it getContent.
  const delta = text.toDelta === undefined ? text.getContent() : text.toDelta()
  /** @type {import('../values.mjs').JsonChunk[]} */
  const chunks = []
  for (const { insert, attributes, format = attributes } of delta.children ?? delta) {
    const encoded = format ? encodeAttributes(Object.entries(format), read) : undefined
    if (typeof insert === 'string') {
      chunks.push({ insert, attributes: encoded })
    } else {
      const embeds = delta.children === undefined ? [insert] : insert
      for (const embed of embeds) chunks.push({ insert: { $embed: encode(embed, read) }, attributes: encoded })
    }
  }
  return joinChunks(chunks)
}

/**
 * A delta as a text takes it: in 13 the list of its ops, in 14 an object that the text makes.
 *
 * @param {any} text
 * @param {ReturnType<typeof import('../values.mjs').decodeDelta>} ops
 * @return {any}
 */
export const deltaOf = (text, ops) => {
  const delta = text.change
  if (delta === undefined) return ops
  for (const { insert, retain, delete: deleted, attributes } of ops) {
    if (retain !== undefined) delta.retain(retain, attributes)
    else if (deleted !== undefined) delta.delete(deleted)
    else delta.insert(typeof insert === 'string' ? insert : [insert], attributes)
  }
  return delta.done()
}
