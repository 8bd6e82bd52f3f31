/**
 * y-websocket's provider in Node, as a client. https://github.com/yjs/y-websocket
 *
 * @module
 */
import { createRequire } from 'node:module'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { RoleDocument, documentsOf } from './document.mjs'

/** @typedef {import('./part.mjs').Actor} Actor */

const ops = ['connect', 'disconnect', 'status']
const awarenessOps = ['awareness.set', 'awareness.states']

/**
 * @param {string} module the package's folder
 * @return {Promise<import('./part.mjs').Part>}
 */
export const load = async module => {
  const requireThere = createRequire(path.join(module, 'package.json'))
  const { WebsocketProvider } = await import(pathToFileURL(path.join(module, 'src', 'y-websocket.js')).href)
  const WebSocket = requireThere('ws')
  const lib = await documentsOf(module)
  return {
    name: 'y-websocket',
    version: JSON.parse(readFileSync(path.join(module, 'package.json'), 'utf8')).version,
    features: new Set([...lib.features, ...ops, ...awarenessOps, 'awareness.timed']),
    lossy: lib.lossy,
    begin: (role, roots, options) => new Client(new RoleDocument(lib, role, roots, options), WebsocketProvider, WebSocket)
  }
}

/** @implements {Actor} */
class Client {
  /**
   * @param {RoleDocument} document
   * @param {any} Provider
   * @param {any} WebSocket
   */
  constructor (document, Provider, WebSocket) {
    this.document = document
    this.Provider = Provider
    this.WebSocket = WebSocket
    /** @type {any} */
    this.provider = null
    /** @type {{code: number, reason: string} | null} */
    this.closed = null
  }

  /** @param {import('./part.mjs').Step} step */
  async perform (step) {
    switch (step.op) {
      case 'connect': return this.connect(step.url.replace('http', 'ws'), step.room)
      case 'disconnect': return this.leave()
      case 'status': return { connected: this.provider?.wsconnected ?? false, synced: this.provider?.synced ?? false, closed: this.closed }
      case 'awareness.set': return this.awareness().setLocalState(step.state)
      case 'awareness.states': return Object.fromEntries(this.awareness().getStates())
      default: return this.document.perform(step)
    }
  }

  awareness () {
    if (this.provider === null) throw new Error('awareness begins when the provider connects')
    return this.provider.awareness
  }

  /**
   * @param {string} url
   * @param {string} room
   */
  connect (url, room) {
    if (this.provider?.serverUrl === url && this.provider.roomname === room) {
      this.provider.connect()
      return null
    }
    this.provider?.destroy()
    this.closed = null
    this.provider = new this.Provider(url, room, this.document.doc, { WebSocketPolyfill: this.WebSocket, disableBc: true })
    this.provider.on('connection-close', (/** @type {any} */ event) => {
      this.closed = event === null ? null : { code: event.code, reason: event.reason }
    })
    return null
  }

  leave () {
    this.provider?.disconnect()
    return null
  }

  async close () {
    this.provider?.destroy()
    this.document.close()
  }
}
