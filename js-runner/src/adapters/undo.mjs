/**
 * Undo managers of Yjs.
 *
 * @module
 */
import { works } from './probe.mjs'

/** @typedef {import('./adapter.mjs').UndoManager} UndoManager */
/** @typedef {import('./adapter.mjs').UndoOptions} UndoOptions */

/** Feature -> the method that it needs. */
const methods = Object.freeze({ undo: 'undo', redo: 'redo', 'undo.stop': 'stopCapturing', 'undo.clear': 'clear', 'undo.can': 'canUndo' })

/**
 * @param {any} Y
 * @return {string[]}
 */
export const undoFeatures = Y => {
  const { UndoManager } = Y
  if (typeof UndoManager !== 'function') return []
  const features = ['undo.track', 'undo.timeout', 'undo.manager']
  for (const [feature, method] of Object.entries(methods)) {
    if (typeof UndoManager.prototype[method] === 'function') features.push(feature)
  }
  if (works(Y, doc => new UndoManager([doc.get('t')], { trackedOrigins: new Set(['o']) }).trackedOrigins.has('o'))) features.push('undo.origins')
  return features
}

/**
 * @param {any} Y
 * @return {(doc: any, types: any[], options: UndoOptions) => UndoManager}
 */
export const undoManagers = Y => (_, types, { origins, timeout }) => {
  const trackedOrigins = origins === undefined ? {} : { trackedOrigins: new Set(origins) }
  const manager = new Y.UndoManager(types, { captureTimeout: timeout, ...trackedOrigins })
  return {
    undo: () => {
      const answer = manager.undoStack.length > 0
      manager.undo()
      return answer
    },
    redo: () => {
      const answer = manager.redoStack.length > 0
      manager.redo()
      return answer
    },
    stop: () => { manager.stopCapturing() },
    clear: () => { manager.clear() },
    can: () => [manager.canUndo(), manager.canRedo()],
    close: () => { manager.destroy?.() }
  }
}
