/**
 * y-leveldb as a store, with a document of the Yjs that it uses. https://github.com/yjs/y-leveldb
 *
 * @module
 */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { Unsupported } from '../adapters/adapter.mjs'
import { fromBase64, toBase64 } from '../values.mjs'
import { Acknowledged } from './acknowledged.mjs'
import { RoleDocument, documentsOf } from './document.mjs'
import { StepError } from './step-error.mjs'

/** @typedef {import('./part.mjs').Actor} Actor */
/** @typedef {import('./part.mjs').Step} Step */

const ops = [
  'store.open', 'store.write', 'store.save', 'store.load', 'store.close', 'store.stream', 'store.acknowledged',
  'store.flush', 'store.vector', 'store.diff', 'store.names', 'store.clear', 'store.set_meta', 'store.get_meta'
]

/**
 * @param {string} module the package's folder
 * @return {Promise<import('./part.mjs').Part>}
 */
export const load = async module => {
  const { LeveldbPersistence } = await import(pathToFileURL(path.join(module, 'src', 'y-leveldb.js')).href)
  const lib = await documentsOf(module)
  return {
    name: 'y-leveldb',
    version: JSON.parse(readFileSync(path.join(module, 'package.json'), 'utf8')).version,
    features: new Set([...lib.features, ...ops, 'store.kept', 'store.many', 'format.leveldb']),
    lossy: lib.lossy,
    begin: (role, roots, options) => new Store(LeveldbPersistence, doc => lib.encode(doc, undefined, 'v1'), new RoleDocument(lib, role, roots, options), options)
  }
}

/**
 * One store at a time, opened and closed by steps, and one document; all other steps are the document's.
 *
 * @implements {Actor}
 */
class Store {
  /**
   * @param {any} Persistence
   * @param {(doc: any) => Uint8Array} encode the state of a document as an update
   * @param {RoleDocument} document
   * @param {import('./part.mjs').Options} options
   */
  constructor (Persistence, encode, document, { folder, home }) {
    this.Persistence = Persistence
    this.encode = encode
    this.document = document
    this.folder = folder
    this.home = home
    this.acknowledged = new Acknowledged(home)
    /** @type {any} */
    this.store = null
    this.name = ''
  }

  /** @param {Step} step */
  async perform (step) {
    if (step.op === 'store.open') return this.open(step)
    if (step.op === 'store.acknowledged') return this.acknowledged.text(step.log)
    if (!step.op.startsWith('store.')) return this.document.perform(step)
    if (this.store === null) throw new StepError('refused', 'the store is not open')
    switch (step.op) {
      case 'store.write': return this.write(fromBase64(step.update.base64), step.mark, step.log)
      case 'store.save': return this.write(fromBase64(this.document.perform({ op: 'encode', peer: step.peer })))
      case 'store.load': return this.load(step)
      case 'store.stream': return this.stream(step)
      case 'store.close': return this.leave()
      case 'store.flush': return this.flush(step)
      case 'store.vector': return this.store.getStateVector(this.name)
      case 'store.diff': return this.store.getDiff(this.name, fromBase64(step.since.base64))
      case 'store.names': return this.store.getAllDocNames()
      case 'store.clear': return this.store.clearDocument(this.name)
      case 'store.set_meta': return this.store.setMeta(this.name, step.key, step.value)
      case 'store.get_meta': return this.store.getMeta(this.name, step.key)
      default: throw new Unsupported(step.op)
    }
  }

  /** @param {Step} step */
  async open ({ op, peer, file, name = 'doc', ...options }) {
    for (const option of Object.keys(options)) throw new Unsupported(`store.${option}`)
    await this.leave()
    this.name = name
    this.store = new this.Persistence(file === undefined ? path.join(this.home, 'store') : path.join(this.folder, file))
    return null
  }

  /**
   * @param {Uint8Array} update
   * @param {string} [mark]
   * @param {string} [log]
   */
  async write (update, mark, log) {
    await this.store.storeUpdate(this.name, update)
    if (mark !== undefined) this.acknowledged.add(mark, log)
    return null
  }

  /** @param {Step} step */
  async load ({ peer }) {
    const doc = await this.store.getYDoc(this.name)
    if (doc === null) throw new StepError('refused', 'getYDoc gave null')
    this.document.perform({ op: 'apply', peer, update: { base64: toBase64(this.encode(doc)) } })
    return 'loaded'
  }

  /** @param {Step} step */
  async stream ({ peer, path: [root], count }) {
    const text = this.document.perform({ op: 'state', peer })[root].$text
    this.acknowledged.begin(text)
    let length = text.length
    for (let number = 0; number < count; number++) {
      const added = `${number},`
      const update = this.document.perform({ op: 'text.insert', peer, path: [root], index: length, text: added, as: 'streamed' })
      await this.write(fromBase64(update), added)
      length += added.length
    }
    return null
  }

  /** @param {Step} step */
  async flush ({ times = 1 }) {
    for (let n = 0; n < times; n++) await this.store.flushDocument(this.name)
    return null
  }

  async leave () {
    const store = this.store
    this.store = null
    await store?.destroy()
    return null
  }

  async close () {
    await this.leave()
    this.document.close()
  }
}
