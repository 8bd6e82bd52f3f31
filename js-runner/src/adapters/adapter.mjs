/**
 * The seam between the protocol and a library: what an adapter offers, and the two failures that are not the
 * library's own.
 *
 * @module
 */

/** @typedef {'v1' | 'v2'} Format an encoding of updates */
/** @typedef {'text' | 'array' | 'map' | 'xml'} RootKind */
/** @typedef {RootKind | 'element' | 'xmltext'} Kind of a shared type; a fragment's is `xml` */
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
 * @property {(shared: any) => Kind} kind of a type that is no root
 * @property {(doc: Document, shared: any) => number} length of a text in UTF-16 units, an embed counting one; of the others in values or nodes
 * @property {(doc: Document, body: () => void, emit: Format | null, origin: string | undefined) => Uint8Array | null} transact runs the local ops of `body` in one
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
 * @property {(doc: Document, format: Format) => Uint8Array} snapshot
 * @property {(doc: Document, snapshot: Uint8Array, format: Format) => Uint8Array} restore
 * @property {(a: Uint8Array, b: Uint8Array, format: Format) => boolean} equalSnapshots
 * @property {(snapshot: Uint8Array, update: Uint8Array, format: Format) => boolean} snapshotContains
 * @property {(doc: Document, target: any, index: number, assoc: number) => Uint8Array} position
 * @property {(doc: Document, position: Uint8Array) => number | null} resolvePosition
 * @property {(position: Uint8Array) => Json} positionToJson
 * @property {(json: Json) => Uint8Array} positionFromJson
 * @property {(doc: Document, types: any[], options: UndoOptions) => UndoManager} undoManager
 * @property {(doc: Document, target: any, options: Observation, tell: Tell) => void} observe
 * @property {(doc: Document, value: any, client: number, path: Path) => Document | undefined} subdocument loaded, with this client id; undefined when
 *   the value is no document. `path` is where it stands.
 * @property {(doc: Document) => Iterable<string>} subdocs guids
 * @property {(doc: Document, tell: (event: SubdocsEvent) => void) => void} observeSubdocs
 * @property {(doc: Document) => Awareness} awareness
 * @property {{step1: (doc: Document) => Uint8Array, step2: (doc: Document, since: Uint8Array | undefined) => Uint8Array,
 *   update: (update: Uint8Array) => Uint8Array, read: (doc: Document, message: Uint8Array) => Uint8Array | null}} sync
 * @property {TypeFactory} types
 * @property {(error: unknown) => boolean} isPanic
 * @property {(error: unknown) => string} describe
 * @property {boolean} restartAfterPanic whether a panic leaves the process unfit for further sessions
 */

/** @typedef {(string | number)[]} Path */
/** @typedef {{origins: string[] | undefined, timeout: number}} UndoOptions */

/**
 * @typedef {object} UndoManager
 * @property {() => boolean} undo true when the stack had something
 * @property {() => boolean} redo
 * @property {() => void} stop
 * @property {() => void} clear
 * @property {() => [boolean, boolean]} can undo, redo
 * @property {() => void} close
 */

/** @typedef {{path: Path, kind: RootKind, deep: boolean}} Observation `path` of the observed type, `kind` of its root */
/** @typedef {{path: Path, delta?: Json[], keys?: Record<string, Json>}} Event as in PROTOCOL.md */
/** @typedef {(transaction: unknown, event: Event) => void} Tell events of one transaction name the same `transaction` */
/** @typedef {{added: string[], removed: string[], loaded: string[]}} SubdocsEvent guids */
/** @typedef {{added: number[], updated: number[], removed: number[]}} AwarenessEvent clients */

/**
 * @typedef {object} Awareness
 * @property {(state: Json) => void} set
 * @property {(clients: number[] | undefined) => Uint8Array} encode
 * @property {(update: Uint8Array) => void} apply
 * @property {(clients: number[]) => void} remove
 * @property {() => Record<string, Json>} states
 * @property {() => AwarenessEvent[]} events since the last call
 * @property {(milliseconds: number) => void} advance
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
