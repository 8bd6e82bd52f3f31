/**
 * The role of a client that a provider plays, in Node.js or in a browser.
 *
 * @module
 */

/** @typedef {import('./part.mjs').Actor} Actor */
/** @typedef {import('./role-document.mjs').RoleDocument} RoleDocument */
/** @typedef {{url: string, room: string, doc: any, token?: string}} Place */

/**
 * A package with a provider. `open` makes one, which connects, and tells `closed` how the server ended a connection;
 * `leave` takes it offline, `resume` sees to it that it connects again; `status` is what it shows beside `synced`.
 *
 * @typedef {object} Package
 * @property {(place: Place, closed: (event: {code: number, reason: string} | null) => void) => any} open
 * @property {(provider: any) => Promise<void>} leave
 * @property {(provider: any) => void} resume
 * @property {(provider: any) => {connected: boolean, [key: string]: any}} status
 */

/** Its ops, and that awareness is outdated as time goes by. */
export const ops = Object.freeze(['connect', 'disconnect', 'status', 'awareness.set', 'awareness.states', 'awareness.timed'])

/** @implements {Actor} */
export class ProviderClient {
  /**
   * @param {RoleDocument} document
   * @param {Package} library
   */
  constructor (document, library) {
    this.document = document
    this.library = library
    /** @type {any} */
    this.provider = null
    this.at = ''
    /** @type {{code: number, reason: string} | null} */
    this.closed = null
  }

  /** @param {import('./part.mjs').Step} step */
  async perform (step) {
    switch (step.op) {
      case 'connect': return this.connect(step.url.replace('http', 'ws'), step.room, step.token)
      case 'disconnect': return this.leave()
      case 'status': return this.status()
      case 'awareness.set': return this.awareness().setLocalState(step.state)
      case 'awareness.states': return Object.fromEntries(this.awareness().getStates())
      default: return this.document.perform(step)
    }
  }

  awareness () {
    if (this.provider === null) throw new Error('awareness begins when the provider connects')
    return this.provider.awareness
  }

  status () {
    const shown = this.provider === null ? { connected: false } : this.library.status(this.provider)
    return { ...shown, synced: this.provider?.synced ?? false, closed: this.closed }
  }

  /**
   * @param {string} url
   * @param {string} room
   * @param {string} [token] of a provider that has one
   */
  connect (url, room, token) {
    const at = JSON.stringify([url, room, token])
    if (this.at === at) {
      this.library.resume(this.provider)
      return null
    }
    this.provider?.destroy()
    this.at = at
    this.closed = null
    this.provider = this.library.open({ url, room, token, doc: this.document.doc }, event => {
      this.closed = event === null ? null : { code: event.code, reason: event.reason }
    })
    return null
  }

  async leave () {
    if (this.provider !== null) await this.library.leave(this.provider)
    return null
  }

  async close () {
    this.provider?.destroy()
    this.document.close()
  }
}

/**
 * y-websocket.
 *
 * @param {any} Provider
 * @param {any} WebSocket
 * @return {Package}
 */
export const yWebsocket = (Provider, WebSocket) => ({
  open: ({ url, room, doc }, closed) => {
    const provider = new Provider(url, room, doc, { WebSocketPolyfill: WebSocket, disableBc: true })
    provider.on('connection-close', closed)
    return provider
  },
  leave: async provider => { provider.disconnect() },
  resume: provider => provider.connect(),
  status: provider => ({ connected: provider.wsconnected })
})
