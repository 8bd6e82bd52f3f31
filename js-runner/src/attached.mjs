/**
 * What a session keeps of one document besides its content.
 *
 * @module
 */
import { Malformed } from './adapters/adapter.mjs'

/** @typedef {import('./adapters/adapter.mjs').Adapter} Adapter */
/** @typedef {import('./adapters/adapter.mjs').Awareness} Awareness */
/** @typedef {import('./adapters/adapter.mjs').Document} Document */
/** @typedef {import('./adapters/adapter.mjs').Event} Event */
/** @typedef {import('./adapters/adapter.mjs').Observation} Observation */
/** @typedef {import('./adapters/adapter.mjs').SubdocsEvent} SubdocsEvent */
/** @typedef {import('./adapters/adapter.mjs').UndoManager} UndoManager */
/** @typedef {import('./adapters/adapter.mjs').UndoOptions} UndoOptions */

export class Attached {
  /**
   * @param {Adapter} lib
   * @param {Document} doc
   */
  constructor (lib, doc) {
    this.lib = lib
    this.doc = doc
    /** @type {Map<string | undefined, UndoManager>} in the order of their first use */
    this.undoManagers = new Map()
    /** @type {Map<unknown, Map<string, Event>>} by transaction, and by their text: what several observers are told is one event */
    this.observed = new Map()
    /** @type {SubdocsEvent[]} */
    this.subdocs = []
    /** @type {Awareness | undefined} */
    this.begun = undefined
  }

  close () {
    for (const manager of this.undoManagers.values()) manager.close()
  }

  /**
   * @param {string | undefined} name
   * @param {any[]} types
   * @param {UndoOptions} options
   */
  track (name, types, options) {
    this.undoManagers.get(name)?.close()
    this.undoManagers.set(name, this.lib.undoManager(this.doc, types, options))
  }

  /**
   * @param {string | undefined} name without one it is the first
   * @return {UndoManager}
   */
  undoManager (name) {
    const manager = name === undefined ? this.undoManagers.values().next().value : this.undoManagers.get(name)
    if (manager === undefined) throw new Malformed(name === undefined ? 'nothing is tracked' : `no undo manager ${name}`)
    return manager
  }

  /**
   * @param {any} target
   * @param {Observation} observation
   */
  observe (target, observation) {
    this.lib.observe(this.doc, target, observation, (transaction, event) => {
      const events = this.observed.get(transaction) ?? new Map()
      events.set(JSON.stringify(event), event)
      this.observed.set(transaction, events)
    })
  }

  /** @return {Event[][]} since the last call */
  events () {
    const transactions = [...this.observed.values()]
    this.observed.clear()
    return transactions.map(events => [...events].sort(byPath).map(([, event]) => event))
  }

  observeSubdocs () {
    this.lib.observeSubdocs(this.doc, ({ added, removed, loaded }) => {
      this.subdocs.push({ added: added.sort(), removed: removed.sort(), loaded: loaded.sort() })
    })
  }

  /** @return {SubdocsEvent[]} since the last call */
  subdocsEvents () {
    return this.subdocs.splice(0)
  }

  /** @return {Awareness} begins with its first use */
  get awareness () {
    this.begun ??= this.lib.awareness(this.doc)
    return this.begun
  }
}

/**
 * @param {[string, Event]} a
 * @param {[string, Event]} b
 */
const byPath = ([textA, a], [textB, b]) => a.path.length - b.path.length || (JSON.stringify(a.path) < JSON.stringify(b.path) ? -1 : textA < textB ? -1 : 1)
