/**
 * The seam between the protocol and a library: what an adapter offers, and the two failures that are not the
 * library's own.
 *
 * @module
 */

/** @typedef {'v1' | 'v2'} Format an encoding of updates */
/** @typedef {'text' | 'array' | 'map' | 'xml'} RootKind */
/** @typedef {Readonly<Record<string, RootKind>>} Roots */
/** @typedef {{client: number, gc?: boolean, declare?: boolean}} PeerOptions */
/** @typedef {import('../values.mjs').Json} Json */
/** @typedef {import('../values.mjs').Chunk} Chunk */

/**
 * A local op: a step of the tables in PROTOCOL.md, without `peer`; what it says is checked by the schema of the vectors.
 *
 * @typedef {{op: string, path: (string | number)[], [key: string]: any}} LocalStep
 */

/**
 * The constructors of values that are not plain JSON. `undefined` and such need no library.
 *
 * @typedef {object} TypeFactory
 * @property {(chunks: Chunk[]) => any} text
 * @property {(values: any[]) => any} array
 * @property {(entries: [string, any][]) => any} map
 * @property {(children: any[]) => any} fragment
 * @property {(name: string, attributes: [string, any][], children: any[]) => any} element
 * @property {(chunks: Chunk[], attributes: [string, any][]) => any} xmltext
 * @property {(guid: string) => any} doc
 */

/**
 * What a document of a peer is to its adapter. Nobody else looks inside.
 *
 * @typedef {any} Document
 */

/**
 * One library at one version. Every function may throw; what it throws is the library's error, except `Unsupported`
 * and `Malformed`.
 *
 * @typedef {object} Adapter
 * @property {string} name
 * @property {string} version read from the package that was loaded
 * @property {ReadonlySet<string>} features probed on the library that was loaded
 * @property {readonly string[]} lossy the distinctions that the API cannot report
 * @property {(options: PeerOptions) => Document} create
 * @property {(doc: Document) => void} close frees what the document holds outside of the garbage-collected heap
 * @property {(doc: Document, name: string, kind: RootKind) => any} root
 * @property {(doc: Document, parent: any, key: string | number) => any} child a value in a shared type, undefined when there is none
 * @property {Readonly<Record<string, (doc: Document, target: any, step: LocalStep, lib: Adapter) => void>>} local
 * @property {(value: any) => boolean} isShared
 * @property {(doc: Document, body: () => void, emit: Format | null) => Uint8Array | null} transact runs the local ops of `body` in one
 *   transaction; with `emit` it gives the update that the transaction emitted. The roots that `body` uses are there already.
 * @property {(doc: Document, name: string, kind: RootKind) => Json} read the typed value of a root
 * @property {(doc: Document, since: Uint8Array | undefined, format: Format) => Uint8Array} encode
 * @property {(doc: Document, update: Uint8Array, format: Format) => void} apply
 * @property {(doc: Document) => Uint8Array} stateVector
 * @property {(doc: Document) => boolean} pending
 * @property {(updates: Uint8Array[], format: Format) => Uint8Array} merge
 * @property {(update: Uint8Array, since: Uint8Array, format: Format) => Uint8Array} diff
 * @property {(update: Uint8Array, format: Format) => Uint8Array} updateStateVector
 * @property {(update: Uint8Array, from: Format, to: Format) => Uint8Array} convert
 * @property {(doc: Document, types: any[]) => UndoManager} undoManager
 * @property {TypeFactory} types
 * @property {(error: unknown) => boolean} isPanic
 * @property {(error: unknown) => string} describe
 * @property {boolean} restartAfterPanic whether a panic leaves the process unfit for further sessions
 */

/**
 * @typedef {object} UndoManager
 * @property {() => boolean} undo true when the stack had something
 * @property {() => boolean} redo
 * @property {() => void} close
 */

/** The origin of updates that are applied: without one, an undo manager takes them for local. */
export const REMOTE = 'remote'

/** The library, or this runner, has no way to do what a step asks. */
export class Unsupported extends Error {
  /** @param {string} feature */
  constructor (feature) {
    super(`unsupported: ${feature}`)
    this.feature = feature
  }
}

/** The step is malformed, or this runner is at fault. */
export class Malformed extends Error {}

/**
 * A feature that the library lacks, as a function that says so when it is called.
 *
 * @param {string} feature
 * @return {(...args: any[]) => never}
 */
export const lacks = feature => () => { throw new Unsupported(feature) }

/**
 * A stack overflow is what remains of a panic in plain JavaScript: the library broke in the middle of something.
 *
 * @param {unknown} error
 */
export const isStackOverflow = error => error instanceof RangeError && error.message.startsWith('Maximum call stack')

/** @param {unknown} error */
export const describe = error => error instanceof Error ? error.message : String(error)
