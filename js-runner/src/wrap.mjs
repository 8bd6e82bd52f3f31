/**
 * Numbers that are taken modulo what there is, so that every local op means something on every document.
 *
 * @module
 */

/** @typedef {import('./adapters/adapter.mjs').Adapter} Adapter */
/** @typedef {import('./adapters/adapter.mjs').Document} Document */
/** @typedef {import('./adapters/adapter.mjs').Kind} Kind */
/** @typedef {import('./adapters/adapter.mjs').LocalStep} LocalStep */
/** @typedef {import('./adapters/adapter.mjs').Path} Path */
/** @typedef {import('./adapters/adapter.mjs').RootKind} RootKind */

/** @type {Readonly<Record<string, readonly Kind[]>>} the types that the ops of a family work on */
const suited = Object.freeze({
  text: ['text', 'xmltext'],
  array: ['array'],
  map: ['map'],
  xml: ['xml', 'element'],
  'xml.set': ['element', 'xmltext'],
  'xml.unset': ['element', 'xmltext'],
  position: ['text', 'xmltext', 'array', 'xml', 'element']
})
/** @type {ReadonlySet<Kind>} */
const lists = new Set(['array', 'xml', 'element'])
const inserting = new Set(['text.insert', 'text.embed', 'array.insert', 'xml.insert', 'position'])

/**
 * @param {Adapter} lib
 * @param {Document} doc
 * @param {RootKind} rootKind
 * @param {any} root the type at the first place of the step's path
 * @param {LocalStep} step
 * @return {{target: any, step: LocalStep} | undefined} the type that the op works on, and the op as it is performed;
 *   undefined when there is nothing for it to do
 */
export const wrap = (lib, doc, rootKind, root, step) => {
  const { op } = step
  const path = step.path.slice()
  let target = root
  /** @type {Kind} */
  let kind = rootKind
  for (let i = 1; i < path.length; i++) {
    const part = path[i]
    if (typeof part === 'number') {
      const length = lists.has(kind) ? lib.length(doc, target) : 0
      if (length === 0) return undefined
      path[i] = part % length
    } else if (kind !== 'map') return undefined
    target = lib.child(doc, target, path[i])
    if (!lib.isShared(target)) return undefined
    kind = lib.kind(target)
  }
  if (!(suited[op] ?? suited[op.slice(0, op.indexOf('.'))]).includes(kind)) return undefined
  const { index } = step
  if (index === undefined) return { target, step: { ...step, path } }
  const there = lib.length(doc, target)
  if (inserting.has(op)) return { target, step: { ...step, path, index: index % (there + 1) } }
  if (there === 0) return undefined
  const from = index % there
  return { target, step: { ...step, path, index: from, length: Math.min(step.length, there - from) } }
}
