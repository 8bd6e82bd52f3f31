/**
 * @jupyter/ydoc: shared notebooks and files. https://github.com/jupyter-server/jupyter_ydoc
 *
 * @module
 */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { Unsupported } from '../adapters/adapter.mjs'
import { installed } from '../library.mjs'
import { fromBase64 } from '../values.mjs'
import { RoleDocument, documentsOf } from './document.mjs'
import { decodePlain, encodePlain } from './plain.mjs'

/** @typedef {import('./part.mjs').Actor} Actor */
/** @typedef {import('./part.mjs').Step} Step */

const kinds = Object.freeze({ notebook: 'YNotebook', file: 'YFile', blob: 'YBlob' })
const undoOps = ['undo', 'redo', 'undo.clear', 'undo.stop', 'undo.can']
const awarenessOps = ['awareness.set', 'awareness.encode', 'awareness.apply', 'awareness.states']

/** An undo manager and an awareness belong to the shared document; what only those beneath it have is left out. */
const notItsOwn = new Set(['undo.track', 'undo.origins', 'undo.timeout', 'undo.manager', 'awareness.remove', 'awareness.events', 'awareness.advance'])

/** @type {Readonly<Record<string, (shared: any, step: Step) => any>>} */
const edits = Object.freeze({
  'ydoc.set': (shared, step) => { shared.setSource(decodePlain(step.value)) },
  'ydoc.get': shared => encodePlain(shared.getSource()),
  'cells.insert': (shared, step) => { shared.insertCells(step.index, decodePlain(step.cells)) },
  'cells.delete': (shared, { index, count = 1 }) => { shared.deleteCellRange(index, index + count) },
  'cells.move': (shared, step) => { shared.moveCells(step.from, step.index, step.count ?? 1) },
  'source.set': (shared, step) => { shared.getCell(step.index).setSource(step.text) },
  'source.update': (shared, step) => { (step.index === undefined ? shared : shared.getCell(step.index)).updateSource(step.start, step.end, step.text) },
  'outputs.set': (shared, step) => { shared.getCell(step.index).setOutputs(decodePlain(step.outputs)) },
  'outputs.stream': (shared, step) => { shared.getCell(step.index).appendStreamOutput(step.output, step.text) },
  'metadata.set': (shared, step) => { shared.setMetadata(step.key, decodePlain(step.value)) },
  undo: shared => shared.undo(),
  redo: shared => shared.redo(),
  'undo.clear': shared => { shared.clearUndoHistory() },
  'undo.stop': shared => { shared.undoManager.stopCapturing() },
  'undo.can': shared => [shared.canUndo(), shared.canRedo()]
})

/**
 * @param {string} module the package's folder
 * @return {Promise<import('./part.mjs').Part>}
 */
export const load = async module => {
  const manifest = path.join(module, 'package.json')
  const { version, main } = JSON.parse(readFileSync(manifest, 'utf8'))
  const library = await import(pathToFileURL(path.join(module, main)).href)
  const protocol = await import(pathToFileURL(path.join(installed('y-protocols', pathToFileURL(manifest)), 'awareness.js')).href)
  const lib = await documentsOf(module)
  const features = new Set([...lib.features].filter(feature => !notItsOwn.has(feature)))
  for (const [kind, name] of Object.entries(kinds)) if (library[name] !== undefined) features.add(`document.${kind}`)
  for (const op of [...Object.keys(edits), ...undoOps, ...awarenessOps]) features.add(op)
  return {
    name: 'jupyter-ydoc-js',
    version,
    features,
    lossy: lib.lossy,
    begin: (role, roots, options) => {
      const kind = /** @type {keyof typeof kinds} */ (options.kind ?? 'notebook')
      if (!features.has(`document.${kind}`)) throw new Unsupported(`document.${kind}`)
      const shared = new library[kinds[kind]]()
      // Both were made with a random id, under which the awareness has a state already.
      shared.awareness.setLocalState(null)
      shared.awareness.clientID = shared.ydoc.clientID = options.client ?? 1
      shared.awareness.setLocalState({})
      return new SharedDocument(shared, new RoleDocument(lib, role, roots, options, shared.ydoc), protocol)
    }
  }
}

/** @implements {Actor} */
class SharedDocument {
  /**
   * @param {any} shared
   * @param {RoleDocument} document what performs the steps of the shared types beneath it
   * @param {any} protocol y-protocols/awareness
   */
  constructor (shared, document, protocol) {
    this.shared = shared
    this.document = document
    this.protocol = protocol
  }

  /** @param {Step} step */
  async perform (step) {
    const { shared } = this
    if (Object.hasOwn(edits, step.op)) return edits[step.op](shared, step)
    if (step.op.startsWith('awareness.')) return this.awareness(shared.awareness, step)
    return this.document.perform(step)
  }

  /**
   * @param {any} awareness
   * @param {Step} step
   */
  awareness (awareness, step) {
    switch (step.op) {
      case 'awareness.set': return awareness.setLocalState(step.state)
      case 'awareness.encode': return this.protocol.encodeAwarenessUpdate(awareness, step.clients ?? [...awareness.getStates().keys()])
      case 'awareness.apply': return this.protocol.applyAwarenessUpdate(awareness, fromBase64(step.update.base64), 'remote')
      default: return Object.fromEntries(awareness.getStates())
    }
  }

  async close () {
    this.shared.dispose()
    this.document.close()
  }
}
