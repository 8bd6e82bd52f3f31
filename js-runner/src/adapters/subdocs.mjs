/**
 * Subdocuments of Yjs.
 *
 * @module
 */
import { works } from './probe.mjs'

/** @typedef {import('./adapter.mjs').Adapter} Adapter */

/**
 * @param {any} Y
 * @param {(doc: any, subdocument: any) => void} set puts one into a document
 * @return {string[]} features
 */
export const subdocFeatures = (Y, set) => {
  if (!works(Y, doc => { set(doc, new Y.Doc({ guid: 'g' })) })) return []
  const features = ['value.doc']
  if (typeof Y.Doc.prototype.load === 'function') features.push('doc')
  if (typeof Y.Doc.prototype.getSubdocGuids === 'function') features.push('subdocs', 'subdocs.observe', 'subdocs.events')
  return features
}

/**
 * @param {Set<any>} docs
 * @return {string[]}
 */
const guids = docs => [...docs].map(({ guid }) => guid)

/**
 * Subdocuments that have the client id of their peer.
 *
 * @type {WeakSet<object>}
 */
const named = new WeakSet()

/**
 * @param {any} Y
 * @return {Pick<Adapter, 'subdocument' | 'subdocs' | 'observeSubdocs'>}
 */
export const subdocs = Y => ({
  subdocument: (_, value, client) => {
    if (!(value instanceof Y.Doc)) return undefined
    value.load()
    // Once: the library may change it later.
    if (!named.has(value)) value.clientID = client
    named.add(value)
    return value
  },
  subdocs: doc => doc.getSubdocGuids(),
  observeSubdocs: (doc, tell) => {
    doc.on('subdocs', (/** @type {any} */ { added, removed, loaded }) => {
      tell({ added: guids(added), removed: guids(removed), loaded: guids(loaded) })
    })
  }
})
