/**
 * The role of a client that y-websocket's provider plays, in Node.js or in a browser.
 *
 * @module
 */

/** @typedef {import('./part.mjs').Actor} Actor */
/** @typedef {import('./role-document.mjs').RoleDocument} RoleDocument */

/** Its ops, and that awareness is outdated as time goes by. */
export const ops = Object.freeze(['connect', 'disconnect', 'status', 'awareness.set', 'awareness.states', 'awareness.timed'])

/** @implements {Actor} */
export class ProviderClient {
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
