/**
 * The ops of PROTOCOL.md that are not local ones.
 *
 * @module
 */

/** @typedef {import('./adapters/adapter.mjs').Document} Document */
/** @typedef {import('./adapters/adapter.mjs').Format} Format */
/** @typedef {import('./session.mjs').Session} Session */
/** @typedef {import('./session.mjs').Step} Step */

/**
 * Bytes that an op returns are answered as base64 and fill the slot `as`.
 *
 * @typedef {(session: Session, doc: Document, step: Step, format: Format) => any} Op
 */

/**
 * An op that observes nothing.
 *
 * @param {Op} op
 * @return {Op}
 */
const silently = op => (...args) => {
  op(...args)
  return null
}

/** @type {Readonly<Record<string, Op>>} */
export const ops = Object.freeze({
  encode: (s, doc, step, format) => s.lib.encode(doc, step.since === undefined ? undefined : s.bytes(step.since), format),
  apply: silently((s, doc, step, format) => s.lib.apply(doc, s.bytes(step.update), format)),
  state_vector: (s, doc) => s.lib.stateVector(doc),
  state: (s, doc) => s.state(doc),
  pending: (s, doc) => s.lib.pending(doc),
  wrap: (s, doc, step) => s.wrapped(doc, step.step),
  merge: (s, _, step, format) => s.lib.merge(step.updates.map((/** @type {any} */ update) => s.bytes(update)), format),
  diff: (s, _, step, format) => s.lib.diff(s.bytes(step.update), s.bytes(step.since), format),
  update_state_vector: (s, _, step, format) => s.lib.updateStateVector(s.bytes(step.update), format),
  convert: (s, _, step) => s.lib.convert(s.bytes(step.update), step.from, step.to),

  snapshot: (s, doc, _, format) => s.lib.snapshot(doc, format),
  'snapshot.restore': (s, doc, step, format) => s.lib.restore(doc, s.bytes(step.snapshot), format),
  'snapshot.equal': (s, _, step, format) => s.lib.equalSnapshots(s.bytes(step.snapshots[0]), s.bytes(step.snapshots[1]), format),
  'snapshot.contains': (s, _, step, format) => s.lib.snapshotContains(s.bytes(step.snapshot), s.bytes(step.update), format),

  position: (s, doc, step) => {
    const placed = s.wraps ? s.wrapped(doc, step) : step
    return placed === null ? null : s.lib.position(doc, s.resolve(doc, placed.path), placed.index, step.assoc ?? 0)
  },
  'position.resolve': (s, doc, step) => s.lib.resolvePosition(doc, s.bytes(step.position)),
  'position.json': (s, _, step) => s.lib.positionToJson(s.bytes(step.position)),
  'position.parse': (s, _, step) => s.lib.positionFromJson(step.json),

  'undo.track': silently((s, doc, step) => {
    const { origins, timeout = 0, manager } = step
    if (origins !== undefined) s.need('undo.origins')
    if (timeout > 0) s.need('undo.timeout')
    if (manager !== undefined) s.need('undo.manager')
    const types = step.paths.map((/** @type {any} */ path) => s.resolve(doc, path))
    s.attached(doc).track(manager, types, { origins, timeout })
  }),
  undo: (s, doc, step) => s.attached(doc).undoManager(step.manager).undo(),
  redo: (s, doc, step) => s.attached(doc).undoManager(step.manager).redo(),
  'undo.stop': silently((s, doc, step) => s.attached(doc).undoManager(step.manager).stop()),
  'undo.clear': silently((s, doc, step) => s.attached(doc).undoManager(step.manager).clear()),
  'undo.can': (s, doc, step) => s.attached(doc).undoManager(step.manager).can(),

  observe: silently((s, doc, step) => {
    const { path, deep = false } = step
    const kind = s.roots[path[0]]
    if (path.length === 1) s.need('observe.' + kind)
    if (deep) s.need('observe.deep')
    s.attached(doc).observe(s.resolve(doc, path), { path, kind, deep })
  }),
  events: (s, doc) => s.attached(doc).events(),

  subdocs: (s, doc) => [...s.lib.subdocs(doc)].sort(),
  'subdocs.observe': silently((s, doc) => s.attached(doc).observeSubdocs()),
  'subdocs.events': (s, doc) => s.attached(doc).subdocsEvents(),

  'awareness.set': silently((s, doc, step) => s.attached(doc).awareness.set(step.state)),
  'awareness.encode': (s, doc, step) => s.attached(doc).awareness.encode(step.clients),
  'awareness.apply': silently((s, doc, step) => s.attached(doc).awareness.apply(s.bytes(step.update))),
  'awareness.remove': silently((s, doc, step) => s.attached(doc).awareness.remove(step.clients)),
  'awareness.states': (s, doc) => s.attached(doc).awareness.states(),
  'awareness.events': (s, doc) => s.attached(doc).awareness.events(),
  'awareness.advance': silently((s, doc, step) => s.attached(doc).awareness.advance(step.milliseconds)),

  'sync.step1': (s, doc) => s.lib.sync.step1(doc),
  'sync.step2': (s, doc, step) => s.lib.sync.step2(doc, step.since === undefined ? undefined : s.bytes(step.since)),
  'sync.update': (s, _, step) => s.lib.sync.update(s.bytes(step.update)),
  'sync.read': (s, doc, step) => s.lib.sync.read(doc, s.bytes(step.message))
})

/** The ops whose v2 is a feature of its own. */
export const hasV2 = new Set([
  'encode', 'apply', 'merge', 'diff', 'update_state_vector', 'snapshot', 'snapshot.restore', 'snapshot.equal', 'snapshot.contains'
])
