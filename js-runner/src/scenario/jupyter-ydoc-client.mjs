/**
 * `@jupyter/ydoc` and Yjs as a client of a Jupyter Server: the role `lab`. https://github.com/jupyter-server/jupyter_ydoc
 *
 * @module
 */
import { createRequire } from 'node:module'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { installed } from '../library.mjs'
import { RoleDocument, documentsOf } from './document.mjs'
import { RoomSocket, session } from './room-socket.mjs'
import { StepError } from './step-error.mjs'

/** @typedef {import('./part.mjs').Actor} Actor */
/** @typedef {import('./part.mjs').Step} Step */

const ops = ['open', 'leave', 'abandon', 'status', 'save', 'ydoc.get', 'ydoc.sources']
const PATIENCE = 10 // seconds for the first sync, and for the reply to a save

/**
 * @param {string} module the package's folder
 * @return {Promise<import('./part.mjs').Part>}
 */
export const load = async module => {
  const manifest = path.join(module, 'package.json')
  /** @param {string} name @param {string} file */
  const from = async (name, file) => import(pathToFileURL(path.join(installed(name, pathToFileURL(manifest)), file)).href)
  const { YNotebook, YFile } = await from('@jupyter/ydoc', 'lib/index.js')
  const packages = {
    WebSocket: createRequire(manifest)('ws'),
    sync: await from('y-protocols', 'sync.js'),
    encoding: await from('lib0', 'encoding.js'),
    decoding: await from('lib0', 'decoding.js')
  }
  const lib = await documentsOf(module)
  return {
    name: 'jupyter-ydoc-js-client',
    version: JSON.parse(readFileSync(manifest, 'utf8')).version,
    features: new Set([...lib.features, ...ops, 'socket']),
    lossy: lib.lossy,
    begin: (role, roots, options) => {
      const document = new RoleDocument(lib, role, roots, options)
      const isNotebook = 'cells' in roots && options.document !== 'file'
      // A peer without the model writes what it likes: nothing of the package observes its document.
      const shared = options.model === false ? null : isNotebook ? new YNotebook() : new YFile()
      if (shared !== null) document.adopt(shared.ydoc)
      return new Lab(document, shared, packages)
    }
  }
}

/**
 * A document, and the room in which it is edited. Steps of layers 0 to 3 are the document's.
 *
 * @implements {Actor}
 */
class Lab {
  /**
   * @param {RoleDocument} document
   * @param {any} shared the model of a notebook or a file
   * @param {import('./room-socket.mjs').Packages} packages
   */
  constructor (document, shared, packages) {
    this.document = document
    this.shared = shared
    this.packages = packages
    /** @type {any} */
    this.session = null
    /** @type {RoomSocket | null} */
    this.room = null
    this.saves = 0
  }

  /** @param {Step} step */
  async perform (step) {
    switch (step.op) {
      case 'open': return this.open(step)
      case 'leave': return this.leave()
      case 'abandon': return this.leave(true)
      case 'status': return this.room?.status ?? { connected: false }
      case 'save': return this.joined().save(++this.saves, step.patience ?? PATIENCE)
      case 'ydoc.get': return this.content()
      case 'ydoc.sources': return sources(this.content())
      default: return this.document.perform(step)
    }
  }

  content () {
    return this.shared.toJSON?.() ?? this.shared.getSource()
  }

  joined () {
    if (this.room === null) throw new StepError('refused', 'no room is open')
    return this.room
  }

  /** @param {any} step */
  async open (step) {
    await this.leave()
    if (this.session === null || step.session === 'new') this.session = await session(step)
    const { format, type, fileId, sessionId } = this.session
    const room = `${step.url.replace('http', 'ws')}/api/collaboration/room/${format}:${type}:${fileId}`
    this.room = new RoomSocket(this.document.doc, `${room}?sessionId=${sessionId}&token=${step.token}`, this.packages)
    await this.room.synced(step.patience ?? PATIENCE)
  }

  async leave (abruptly = false) {
    const { room } = this
    this.room = null
    if (abruptly) room?.abandon()
    else await room?.close()
  }

  async close () {
    await this.leave(true)
    this.document.close()
  }
}

/**
 * The sources of a notebook's cells; of a file its text.
 *
 * @param {any} content
 */
const sources = content => typeof content === 'string' ? content : content.cells.map((/** @type {any} */ cell) => cell.source)
