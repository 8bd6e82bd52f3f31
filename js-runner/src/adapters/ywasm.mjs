/**
 * Ywasm: Yrs in WebAssembly. Every object that it hands out lives in WebAssembly memory until it is freed by hand:
 * finalizers do not run while this process reads and writes without a pause.
 *
 * @module
 */
import { REMOTE, Unsupported, describe, isStackOverflow, lacks } from './adapter.mjs'
import { decode, decodeObject } from '../values.mjs'
import { silent } from './protocols.mjs'
import { observe, observeSubdocs } from './ywasm-events.mjs'
import { moments } from './ywasm-moments.mjs'
import { probe } from './ywasm-probe.mjs'
import { nthChild, reader } from './ywasm-read.mjs'
import { begin } from './ywasm-transaction.mjs'
import { attribute, Deferred, factory } from './ywasm-types.mjs'

/** @typedef {import('./adapter.mjs').Adapter} Adapter */
/** @typedef {import('./adapter.mjs').RootKind} RootKind */

/**
 * `handles`: objects to free when the transaction ends; `observers`: when the document ends; `heard`: events to read after the transaction.
 *
 * @typedef {{ydoc: any, roots: Map<string, any>, txn: any, handles: any[], observers: any[], subdocuments: Map<string, Document>,
 *   heard: ((transaction: object, txn: any) => void)[]}} Document
 */

/** @type {Readonly<Record<RootKind, string>>} */
const getters = Object.freeze({ text: 'getText', array: 'getArray', map: 'getMap', xml: 'getXmlFragment' })

const kinds = Object.freeze(/** @type {const} */ (['text', 'array', 'map', 'xml', 'element', 'xmltext']))

/**
 * The library broke: a trap; an exception of the glue, which unwinds WebAssembly without releasing what it holds; or what
 * the glue says of every object that either left borrowed. Ordinary errors are strings.
 *
 * @param {unknown} error
 */
const isPanic = error => error instanceof WebAssembly.RuntimeError || isStackOverflow(error) || (error instanceof Error && (
  /recursive use of an object|null pointer passed to rust/.test(error.message) ||
  ('code' in error && error.code === 'ERR_ENCODING_INVALID_ENCODED_DATA')
))

let report = ''
let listens = false

/** Keeps what the panic hook reports to the console. */
const listen = () => {
  if (listens) return
  listens = true
  const log = console.error
  console.error = (/** @type {any[]} */ ...args) => {
    report = String(args[0]).split('\n\nStack:')[0].trim()
    log.apply(console, args)
  }
}

/**
 * Makes the panic hook's report a part of the error's description.
 *
 * @param {any} Y
 * @return {(error: unknown) => string}
 */
const describeWithReport = Y => {
  Y.setPanicHook?.()
  report = ''
  listen()
  return error => isPanic(error) && report !== '' ? `${describe(error)}: ${report}` : describe(error)
}

/**
 * @param {Deferred} deferred
 * @return {Adapter['local']}
 */
const localOps = deferred => Object.freeze({
  'text.insert': ({ txn }, text, step, lib) => {
    text.insert(step.index, step.text, step.attributes && decodeObject(step.attributes, lib), txn)
  },
  'text.embed': ({ txn }, text, step, lib) => {
    text.insertEmbed(step.index, decode(step.value, lib), decodeObject(step.attributes ?? {}, lib), txn)
    deferred.fill(txn)
  },
  'text.format': ({ txn }, text, step, lib) => { text.format(step.index, step.length, decodeObject(step.attributes, lib), txn) },
  'text.delete': ({ txn }, text, step) => { text.delete(step.index, step.length, txn) },
  'array.insert': ({ txn }, array, step, lib) => {
    array.insert(step.index, decode(step.values, lib), txn)
    deferred.fill(txn)
  },
  'array.delete': ({ txn }, array, step) => { array.delete(step.index, step.length, txn) },
  'map.set': ({ txn }, map, step, lib) => {
    map.set(step.key, decode(step.value, lib), txn)
    deferred.fill(txn)
  },
  'map.delete': ({ txn }, map, step) => { map.delete(step.key, txn) },
  'xml.insert': ({ txn }, node, step, lib) => {
    const nodes = decode(step.nodes, lib)
    for (let i = 0; i < nodes.length; i++) node.insert(step.index + i, nodes[i], txn)
    deferred.fill(txn)
  },
  'xml.delete': ({ txn }, node, step) => { node.delete(step.index, step.length, txn) },
  'xml.set': ({ txn }, node, step, lib) => { node.setAttribute(step.name, attribute(decode(step.value, lib)), txn) },
  'xml.unset': ({ txn }, node, step) => { node.removeAttribute(step.name, txn) }
})

/**
 * @param {any} ydoc
 * @return {Document}
 */
const documentOf = ydoc => ({ ydoc, roots: new Map(), txn: undefined, handles: [], observers: [], subdocuments: new Map(), heard: [] })

/**
 * Runs in a transaction of its own and frees it. After a panic nothing is freed: that would be the next panic.
 *
 * @template T
 * @param {Document} doc
 * @param {(txn: any) => T} body
 * @param {string} [origin]
 * @return {T}
 */
const within = (doc, body, origin) => {
  doc.txn = begin(doc.ydoc, origin)
  /** @type {T} */
  let result
  try {
    result = body(doc.txn)
  } catch (error) {
    if (!isPanic(error)) release(doc)
    throw error
  }
  release(doc)
  return result
}

/** @param {Document} doc */
const release = doc => {
  const { txn, handles } = doc
  doc.txn = undefined
  doc.handles = []
  txn.free()
  for (const handle of handles) handle.free()
  settle(doc)
}

/**
 * Reads the events of the transaction that ended.
 *
 * @param {Document} doc
 */
const settle = doc => {
  if (doc.heard.length === 0) return
  const transaction = {}
  const txn = begin(doc.ydoc)
  for (const read of doc.heard.splice(0)) read(transaction, txn)
  txn.free()
}

/**
 * @param {Document} doc
 */
const close = ({ ydoc, roots, handles, observers, subdocuments }) => {
  for (const observer of observers) observer.free()
  for (const subdocument of subdocuments.values()) close(subdocument)
  for (const root of roots.values()) root.free()
  for (const handle of handles) handle.free()
  ydoc.free()
}

/**
 * @param {any} Y
 * @param {Document} doc
 * @param {any[]} types
 * @param {import('./adapter.mjs').UndoOptions} options
 * @return {import('./adapter.mjs').UndoManager}
 */
const undoManager = (Y, doc, types, { origins, timeout }) => {
  const trackedOrigins = origins === undefined ? {} : { trackedOrigins: origins }
  const manager = new Y.YUndoManager(doc.ydoc, types[0], { captureTimeout: timeout, ...trackedOrigins })
  if (types.length > 1) manager.addToScope(types.slice(1))
  for (const handle of doc.handles.splice(0)) handle.free()
  return {
    undo: () => {
      const had = manager.canUndo
      manager.undo()
      settle(doc)
      return had
    },
    redo: () => {
      const had = manager.canRedo
      manager.redo()
      settle(doc)
      return had
    },
    stop: () => { manager.stopCapturing() },
    clear: () => { manager.clear() },
    can: () => [manager.canUndo, manager.canRedo],
    close: () => { manager.free() }
  }
}

/**
 * Each time that a subdocument is fetched it is another object.
 *
 * @param {any} Y
 * @param {Document} doc
 * @param {any} value
 * @param {number} client
 * @param {import('./adapter.mjs').Path} path
 * @return {Document | undefined}
 */
const subdocument = (Y, doc, value, client, path) => {
  if (!(value instanceof Y.YDoc)) return undefined
  const key = JSON.stringify([value.guid, path])
  const known = doc.subdocuments.get(key)
  if (known !== undefined) {
    value.free()
    return known
  }
  const made = documentOf(value)
  doc.subdocuments.set(key, made)
  if (value.id !== client) throw new Unsupported('doc.client')
  if (!value.shouldLoad) value.load()
  return made
}

/**
 * @param {import('./index.mjs').Loaded} loaded `features` of another copy of the same library need not be probed again
 * @return {Adapter}
 */
export const adapt = ({ library: Y, version, fresh, features }) => {
  const deferred = new Deferred()
  const values = reader(Y)
  // In the order of `kinds`.
  const shared = [Y.YText, Y.YArray, Y.YMap, Y.YXmlFragment, Y.YXmlElement, Y.YXmlText]
  const local = localOps(deferred)
  /** @type {Adapter['isShared']} */
  const isShared = item => shared.some(type => item instanceof type)
  /** @type {Adapter['root']} */
  const root = ({ ydoc, roots }, name, kind) => {
    let type = roots.get(name)
    if (type === undefined) roots.set(name, type = ydoc[getters[kind]](name))
    return type
  }
  const noUpdate = new Set(emptyUpdates(Y))
  /** @type {(doc: Document, tell: import('./adapter.mjs').Tell) => Parameters<typeof observe>[4]} */
  const hearing = (doc, tell) => read => {
    doc.heard.push((transaction, txn) => {
      const event = read(values, txn)
      if (event !== undefined) tell(transaction, event)
    })
  }
  return Object.freeze({
    name: 'ywasm',
    version,
    features: features ?? probe(Y, fresh, Object.keys(local)),
    lossy: Object.freeze(['xml.attributes.any']),
    create: options => documentOf(new Y.YDoc({ clientID: options.client, guid: 'peer', gc: options.gc !== false })),
    close,
    root,
    child: (doc, parent, key) => {
      const item = parent.get === undefined ? nthChild(parent, key, doc.txn) : parent.get(key, doc.txn)
      if (isShared(item)) doc.handles.push(item)
      return item
    },
    isShared,
    kind: item => kinds[shared.findIndex(type => item instanceof type)],
    length: ({ txn }, item) => item.length(txn),
    local,
    types: factory(Y, deferred),
    transact: (doc, body, emit, origin) => within(doc, txn => {
      try {
        body()
      } finally {
        doc.handles.push(...deferred.handles.splice(0))
        deferred.texts.length = 0
      }
      if (emit === null) return null
      txn.commit()
      const update = emit === 'v2' ? txn.encodeUpdateV2() : txn.encodeUpdate()
      return noUpdate.has(String(update)) ? null : update
    }, origin),
    read: (doc, name, kind) => {
      const type = root(doc, name, kind)
      return within(doc, txn => values.read(type, txn))
    },
    encode: ({ ydoc }, since, format) => (format === 'v2' ? Y.encodeStateAsUpdateV2 : Y.encodeStateAsUpdate)(ydoc, since),
    apply: (doc, update, format) => {
      const applyUpdate = format === 'v2' ? Y.applyUpdateV2 : Y.applyUpdate
      applyUpdate(doc.ydoc, update, REMOTE)
      settle(doc)
    },
    stateVector: ({ ydoc }) => Y.encodeStateVector(ydoc),
    pending: doc => within(doc, txn => (txn.pendingStructs ?? null) !== null || txn.pendingDeleteSet !== undefined),
    merge: lacks('merge'),
    diff: lacks('diff'),
    updateStateVector: lacks('update_state_vector'),
    convert: lacks('convert'),
    ...moments(Y),
    ...silent,
    undoManager: (doc, types, options) => undoManager(Y, doc, types, options),
    observe: (doc, target, observation, tell) => {
      const top = root(doc, String(observation.path[0]), observation.kind)
      doc.observers.push(observe(Y, top, target, observation, hearing(doc, tell)))
    },
    subdocument: (doc, value, client, path) => subdocument(Y, doc, value, client, path),
    subdocs: ({ ydoc }) => ydoc.getSubdocGuids(),
    observeSubdocs: (doc, tell) => { doc.observers.push(observeSubdocs(doc.ydoc, tell)) },
    isPanic,
    describe: describeWithReport(Y),
    restartAfterPanic: true
  })
}

/**
 * The updates, in both formats, of a transaction that changed nothing.
 *
 * @param {any} Y
 * @return {string[]}
 */
const emptyUpdates = Y => {
  const ydoc = new Y.YDoc({})
  const txn = begin(ydoc)
  txn.commit()
  const updates = [txn.encodeUpdate(), txn.encodeUpdateV2()].map(String)
  txn.free()
  ydoc.free()
  return updates
}
