/**
 * A session: the documents of some peers, slots, and the dispatch of steps. Knows nothing of any library.
 *
 * @module
 */
import { Malformed, Unsupported } from './adapters/adapter.mjs'
import { fromBase64, toBase64 } from './values.mjs'

/** @typedef {import('./adapters/adapter.mjs').Adapter} Adapter */
/** @typedef {import('./adapters/adapter.mjs').Document} Document */
/** @typedef {import('./adapters/adapter.mjs').Roots} Roots */
/** @typedef {import('./adapters/adapter.mjs').PeerOptions} PeerOptions */
/** @typedef {import('./adapters/adapter.mjs').UndoManager} UndoManager */
/** @typedef {import('./adapters/adapter.mjs').Format} Format */
/** @typedef {{op: string, peer: string, as?: string, format?: Format, [key: string]: any}} Step */
/** @typedef {'refused' | 'panic' | 'slot' | 'runner'} ErrorKind */
/** @typedef {{ok: any} | {unsupported: string} | {error: {kind: ErrorKind, message: string}}} Answer */

/** A slot that no earlier step filled. */
class EmptySlot extends Error {}

/**
 * An op of PROTOCOL.md that is not a local one. Bytes that it returns are answered as base64 and fill the slot `as`.
 *
 * @typedef {(session: Session, doc: Document, step: Step, format: Format) => any} Op
 */

/** @type {Readonly<Record<string, Op>>} */
const ops = Object.freeze({
  encode: (s, doc, step, format) => s.lib.encode(doc, step.since === undefined ? undefined : s.bytes(step.since), format),
  apply: (s, doc, step, format) => { s.lib.apply(doc, s.bytes(step.update), format); return null },
  state_vector: (s, doc) => s.lib.stateVector(doc),
  state: (s, doc) => s.state(doc),
  pending: (s, doc) => s.lib.pending(doc),
  merge: (s, _, step, format) => s.lib.merge(step.updates.map((/** @type {any} */ update) => s.bytes(update)), format),
  diff: (s, _, step, format) => s.lib.diff(s.bytes(step.update), s.bytes(step.since), format),
  update_state_vector: (s, _, step, format) => s.lib.updateStateVector(s.bytes(step.update), format),
  convert: (s, _, step) => s.lib.convert(s.bytes(step.update), step.from, step.to),
  'undo.track': (s, doc, step) => s.track(step.peer, doc, step.paths),
  undo: (s, _, step) => s.undoManager(step.peer).undo(),
  redo: (s, _, step) => s.undoManager(step.peer).redo()
})

/** The ops whose v2 is a feature of its own. */
const formatted = new Set(['encode', 'apply', 'merge', 'diff', 'update_state_vector'])

export class Session {
  /**
   * @param {Adapter} lib
   * @param {Roots} roots
   * @param {Record<string, PeerOptions>} peers
   * @throws {Unsupported} the session needs a feature that the library lacks
   */
  constructor (lib, roots, peers) {
    this.lib = lib
    this.roots = roots
    /** Ended before its end: by a panic, or by something unsupported. */
    this.over = false
    /** @type {Map<string, Document>} */
    this.docs = new Map()
    /** @type {Map<string, Uint8Array>} */
    this.slots = new Map()
    /** @type {Map<string, UndoManager>} */
    this.undoManagers = new Map()
    for (const name in roots) {
      if (!lib.features.has('root.' + roots[name])) throw new Unsupported('root.' + roots[name])
    }
    try {
      for (const peer in peers) this.docs.set(peer, this.#createDocument(peers[peer]))
    } catch (error) {
      this.close()
      throw error
    }
  }

  /** @param {PeerOptions} options */
  #createDocument (options) {
    const { lib, roots } = this
    if (options.gc === false && !lib.features.has('gc.off')) throw new Unsupported('gc.off')
    if (options.client > 0xffffffff && !lib.features.has('client.53')) throw new Unsupported('client.53')
    const doc = lib.create(options)
    if (options.declare !== false) {
      for (const name in roots) lib.root(doc, name, roots[name])
    }
    return doc
  }

  /**
   * Frees what the documents hold.
   *
   * @return {boolean} false when the library broke over it: an earlier error was a panic that did not show
   */
  close () {
    try {
      for (const manager of this.undoManagers.values()) manager.close()
      for (const doc of this.docs.values()) this.lib.close(doc)
    } catch (error) {
      if (!this.lib.isPanic(error)) throw error
      return false
    }
    this.undoManagers.clear()
    this.docs.clear()
    this.slots.clear()
    return true
  }

  /**
   * @param {Step[]} steps
   * @return {Answer[]} one a step, fewer when the session ended early
   */
  run (steps) {
    /** @type {Answer[]} */
    const answers = []
    for (let i = 0; i < steps.length && !this.over; i++) {
      const answer = this.answer(steps[i])
      answers.push(answer)
      if (endsSession(answer)) this.over = true
    }
    return answers
  }

  /**
   * @param {Step} step
   * @return {Answer}
   */
  answer (step) {
    try {
      const value = this.perform(step)
      if (!(value instanceof Uint8Array)) return { ok: value }
      if (step.as !== undefined) this.slots.set(step.as, value)
      return { ok: toBase64(value) }
    } catch (error) {
      return failure(error, this.lib)
    }
  }

  /**
   * @param {Step} step
   * @return {any} a Uint8Array, or JSON
   */
  perform (step) {
    const { op, format = 'v1' } = step
    const { features } = this.lib
    if (!features.has(op)) throw new Unsupported(op)
    const doc = this.docs.get(step.peer)
    if (doc === undefined) throw new Malformed(`no peer ${step.peer} in this session`)
    if (Object.hasOwn(ops, op)) {
      if (format === 'v2' && formatted.has(op) && !features.has(op + '.v2')) throw new Unsupported(op + '.v2')
      return ops[op](this, doc, step, format)
    }
    if (step.as === undefined) return this.#change(doc, step, null)
    const emit = format === 'v2' ? 'emit.v2' : 'emit'
    if (!features.has(emit)) throw new Unsupported(emit)
    return this.#change(doc, step, format)
  }

  /**
   * A local op, or a transact of several, which ends at the first error.
   *
   * @param {Document} doc
   * @param {Step} step
   * @param {Format | null} emit
   * @return {Uint8Array | null}
   */
  #change (doc, step, emit) {
    const { lib } = this
    const steps = step.op === 'transact' ? step.steps : [step]
    for (const inner of steps) {
      if (!lib.features.has(inner.op)) throw new Unsupported(inner.op)
      if (!Object.hasOwn(lib.local, inner.op)) throw new Malformed(`${inner.op} is not a local op`)
      if (inner.attributes !== undefined && inner.op === 'text.insert' && !lib.features.has('text.insert.attributes')) {
        throw new Unsupported('text.insert.attributes')
      }
      this.#root(doc, inner.path)
    }
    return lib.transact(doc, () => {
      for (const inner of steps) lib.local[inner.op](doc, this.resolve(doc, inner.path), inner, lib)
    }, emit)
  }

  /**
   * @param {Document} doc
   * @param {(string | number)[]} path
   */
  #root (doc, [name]) {
    if (typeof name !== 'string' || !Object.hasOwn(this.roots, name)) throw new Malformed(`no root ${name} in this session`)
    return this.lib.root(doc, name, this.roots[name])
  }

  /**
   * The shared type that a path leads to.
   *
   * @param {Document} doc
   * @param {(string | number)[]} path
   * @return {any}
   * @throws {Error} the document has no shared type there, which depends on what its peers did: an ordinary refusal
   */
  resolve (doc, path) {
    let type = this.#root(doc, path)
    for (let i = 1; i < path.length; i++) {
      type = this.lib.child(doc, type, path[i])
      if (!this.lib.isShared(type)) throw new Error(`no shared type at ${JSON.stringify(path.slice(0, i + 1))}`)
    }
    return type
  }

  /** @param {Document} doc */
  state (doc) {
    /** @type {Record<string, any>} */
    const state = {}
    for (const name in this.roots) state[name] = this.lib.read(doc, name, this.roots[name])
    return state
  }

  /**
   * @param {string} peer
   * @param {Document} doc
   * @param {(string | number)[][]} paths
   * @return {null}
   */
  track (peer, doc, paths) {
    this.undoManagers.get(peer)?.close()
    this.undoManagers.set(peer, this.lib.undoManager(doc, paths.map(path => this.resolve(doc, path))))
    return null
  }

  /** @param {string} peer */
  undoManager (peer) {
    const manager = this.undoManagers.get(peer)
    if (manager === undefined) throw new Malformed(`peer ${peer} tracks nothing`)
    return manager
  }

  /**
   * @param {string | {base64: string}} source
   * @return {Uint8Array}
   */
  bytes (source) {
    if (typeof source !== 'string') return fromBase64(source.base64)
    const bytes = this.slots.get(source)
    if (bytes === undefined) throw new EmptySlot(`slot ${source} is empty`)
    return bytes
  }
}

/** @param {Answer} answer */
const endsSession = answer =>
  'unsupported' in answer || ('error' in answer && (answer.error.kind === 'panic' || answer.error.kind === 'runner'))

/** @param {Answer} answer */
export const isPanic = answer => 'error' in answer && answer.error.kind === 'panic'

/**
 * @param {unknown} error
 * @param {Adapter} lib
 * @return {Answer}
 */
export const failure = (error, lib) => {
  if (error instanceof Unsupported) return { unsupported: error.feature }
  return { error: { kind: kindOf(error, lib), message: lib.describe(error) } }
}

/**
 * @param {unknown} error
 * @param {Adapter} lib
 * @return {ErrorKind}
 */
const kindOf = (error, lib) => {
  if (error instanceof EmptySlot) return 'slot'
  if (error instanceof Malformed) return 'runner'
  return lib.isPanic(error) ? 'panic' : 'refused'
}
