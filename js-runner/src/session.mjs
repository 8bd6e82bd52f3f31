/**
 * A session: the documents of some peers, slots, and the dispatch of steps. Knows nothing of any library.
 *
 * @module
 */
import { Malformed, Unsupported } from './adapters/adapter.mjs'
import { Attached } from './attached.mjs'
import { hasV2, ops } from './ops.mjs'
import { fromBase64, toBase64 } from './values.mjs'
import { wrap } from './wrap.mjs'

/** @typedef {import('./adapters/adapter.mjs').Adapter} Adapter */
/** @typedef {import('./adapters/adapter.mjs').Document} Document */
/** @typedef {import('./adapters/adapter.mjs').Roots} Roots */
/** @typedef {import('./adapters/adapter.mjs').PeerOptions} PeerOptions */
/** @typedef {import('./adapters/adapter.mjs').Path} Path */
/** @typedef {import('./adapters/adapter.mjs').Format} Format */
/** @typedef {{op: string, peer: string, as?: string, format?: Format, [key: string]: any}} Step */
/** @typedef {'refused' | 'panic' | 'slot' | 'runner'} ErrorKind */
/** @typedef {{ok: any} | {unsupported: string} | {error: {kind: ErrorKind, message: string}}} Answer */

/** A slot that no earlier step filled. */
class EmptySlot extends Error {}

export class Session {
  /**
   * @param {Adapter} lib
   * @param {Roots} roots
   * @param {Record<string, PeerOptions>} peers
   * @param {boolean} [wraps] the numbers of local ops are taken modulo what there is
   * @throws {Unsupported} the session needs a feature that the library lacks
   */
  constructor (lib, roots, peers, wraps = false) {
    this.lib = lib
    this.wraps = wraps
    this.roots = roots
    this.peers = peers
    /** Ended before its end: by a panic, or by something unsupported. */
    this.over = false
    /** @type {Map<string, Document>} */
    this.docs = new Map()
    /** @type {Map<string, Uint8Array>} */
    this.slots = new Map()
    /** @type {Map<Document, Attached>} */
    this.attachments = new Map()
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
      for (const attached of this.attachments.values()) attached.close()
      for (const doc of this.docs.values()) this.lib.close(doc)
    } catch (error) {
      if (!this.lib.isPanic(error)) throw error
      return false
    }
    this.attachments.clear()
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
    const doc = this.#document(step)
    if (Object.hasOwn(ops, op)) {
      if (format === 'v2' && hasV2.has(op)) this.need(op + '.v2')
      return ops[op](this, doc, step, format)
    }
    if (step.origin !== undefined) this.need('origin')
    if (step.as === undefined) return this.#change(doc, step, null)
    this.need(format === 'v2' ? 'emit.v2' : 'emit')
    return this.#change(doc, step, format)
  }

  /**
   * @param {string} feature
   * @throws {Unsupported} the library lacks it
   */
  need (feature) {
    if (!this.lib.features.has(feature)) throw new Unsupported(feature)
  }

  /**
   * The document that performs a step: the peer's, or a subdocument of it.
   *
   * @param {Step} step
   * @return {Document}
   */
  #document (step) {
    const doc = this.docs.get(step.peer)
    if (doc === undefined) throw new Malformed(`no peer ${step.peer} in this session`)
    return step.doc === undefined ? doc : this.#subdocument(doc, step.peer, step.doc)
  }

  /**
   * @param {Document} doc
   * @param {string} peer
   * @param {Path} path
   * @return {Document}
   */
  #subdocument (doc, peer, path) {
    this.need('doc')
    const parent = this.resolve(doc, path.slice(0, -1))
    const value = this.lib.child(doc, parent, path[path.length - 1])
    const subdocument = this.lib.subdocument(doc, value, this.peers[peer].client, path)
    if (subdocument === undefined) throw new Error(`no subdocument at ${JSON.stringify(path)}`)
    return subdocument
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
      this.need(inner.op)
      if (!Object.hasOwn(lib.local, inner.op)) throw new Malformed(`${inner.op} is not a local op`)
      if (inner.attributes !== undefined && inner.op === 'text.insert') this.need('text.insert.attributes')
      this.#root(doc, inner.path)
    }
    return lib.transact(doc, () => {
      for (const inner of steps) {
        if (!this.wraps) lib.local[inner.op](doc, this.resolve(doc, inner.path), inner, lib)
        else {
          const wrapped = this.#wrap(doc, inner)
          if (wrapped !== undefined) lib.local[inner.op](doc, wrapped.target, wrapped.step, lib)
        }
      }
    }, emit, step.origin)
  }

  /**
   * @param {Document} doc
   * @param {Step} step a local op
   */
  #wrap (doc, step) {
    const { path } = step
    return wrap(this.lib, doc, this.roots[path[0]], this.#root(doc, path), /** @type {any} */ (step))
  }

  /**
   * @param {Document} doc
   * @param {Step} step a local op
   * @return {Step | null} as a session that wraps performs it; null when it does nothing
   */
  wrapped (doc, step) {
    /** @type {any} */
    let found
    // Some libraries read within a transaction only.
    this.lib.transact(doc, () => { found = this.#wrap(doc, step)?.step }, null, undefined)
    return found ?? null
  }

  /**
   * @param {Document} doc
   * @param {Path} path
   */
  #root (doc, [name]) {
    if (typeof name !== 'string' || !Object.hasOwn(this.roots, name)) throw new Malformed(`no root ${name} in this session`)
    return this.lib.root(doc, name, this.roots[name])
  }

  /**
   * The shared type that a path leads to.
   *
   * @param {Document} doc
   * @param {Path} path
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
   * What this session keeps of a document besides its content.
   *
   * @param {Document} doc
   * @return {Attached}
   */
  attached (doc) {
    let attached = this.attachments.get(doc)
    if (attached === undefined) this.attachments.set(doc, attached = new Attached(this.lib, doc))
    return attached
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
