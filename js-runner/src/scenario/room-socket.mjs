/**
 * A room of a Jupyter Server: the session that admits a client, and the WebSocket with its messages.
 *
 * Source: jupyter-collaboration `handlers.py` (DocSessionHandler, YDocWebSocketHandler) and y-protocols `PROTOCOL.md`.
 *
 * @module
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { StepError } from './step-error.mjs'

const SYNC = 0
const RAW = 2
const STEP_2 = 1
const POLL = 5 // milliseconds between two looks

/**
 * The packages that a room needs, all from one folder of packages.
 *
 * @typedef {{WebSocket: any, sync: any, encoding: any, decoding: any}} Packages
 */

/**
 * What a server answers to a client that wants to open a file: `fileId` and `sessionId` among it.
 *
 * @param {{url: string, token: string, path: string, format?: string, type?: string}} wanted
 * @return {Promise<any>}
 */
export const session = async ({ url, token, path, format = 'json', type = 'notebook' }) => {
  const answer = await fetch(`${url}/api/collaboration/session/${encodeURIComponent(path)}`, {
    method: 'PUT',
    headers: { Authorization: `token ${token}` },
    body: JSON.stringify({ format, type })
  })
  if (!answer.ok) throw new StepError('refused', `the session is answered with ${answer.status}`)
  return answer.json()
}

/** A document in a room, until the connection ends or is closed. */
export class RoomSocket {
  /**
   * @param {any} doc
   * @param {string} url
   * @param {Packages} packages
   */
  constructor (doc, url, packages) {
    this.doc = doc
    this.packages = packages
    this.isSynced = false
    /** @type {{code: number, reason: string} | null} */
    this.closed = null
    /** @type {string | null} */
    this.failed = null
    /** @type {any[]} */
    this.told = []
    /** @type {string[]} */
    this.errors = []
    this.socket = new packages.WebSocket(url)
    this.socket.binaryType = 'arraybuffer'
    this.socket.on('open', () => this.send(SYNC, encoder => packages.sync.writeSyncStep1(encoder, doc)))
    this.socket.on('message', (/** @type {ArrayBuffer} */ data) => this.read(new Uint8Array(data)))
    this.socket.on('error', (/** @type {Error} */ error) => { this.failed = error.message })
    this.socket.on('close', (/** @type {number} */ code, /** @type {Buffer} */ reason) => { this.closed = { code, reason: String(reason) } })
    /** @type {(update: Uint8Array, origin: any) => void} */
    this.changed = (update, origin) => {
      if (origin !== this) this.send(SYNC, encoder => packages.sync.writeUpdate(encoder, update))
    }
    doc.on('update', this.changed)
  }

  /**
   * @param {number} type
   * @param {(encoder: any) => void} write
   */
  send (type, write) {
    if (this.socket.readyState !== this.packages.WebSocket.OPEN) return
    const { encoding } = this.packages
    const encoder = encoding.createEncoder()
    encoding.writeVarUint(encoder, type)
    write(encoder)
    this.socket.send(encoding.toUint8Array(encoder))
  }

  /** @param {Uint8Array} message */
  read (message) {
    const { decoding, encoding, sync } = this.packages
    if (message[0] === SYNC) {
      const reply = encoding.createEncoder()
      encoding.writeVarUint(reply, SYNC)
      const decoder = decoding.createDecoder(message.subarray(1))
      // What the library reports of a bad update goes to its fourth argument.
      sync.readSyncMessage(decoder, reply, this.doc, this, (/** @type {Error} */ error) => this.errors.push(String(error)))
      if (encoding.length(reply) > 1) this.socket.send(encoding.toUint8Array(reply))
      this.isSynced ||= message[1] === STEP_2
    } else if (message[0] === RAW) {
      const decoder = decoding.createDecoder(message.subarray(1))
      this.told.push(JSON.parse(decoding.readVarString(decoder)))
    }
  }

  /** `connected`, `synced`, `closed` (null, or `code` and `reason`), `told` (raw messages), `errors` of its own. */
  get status () {
    const connected = this.socket.readyState === this.packages.WebSocket.OPEN
    return { connected, synced: connected && this.isSynced, closed: this.closed, told: this.told, errors: this.errors }
  }

  /**
   * Wait until the first step 2 has come.
   *
   * @param {number} patience seconds
   * @throws {StepError} the server closes, or does not send it
   */
  async synced (patience) {
    await this.until(() => this.status.synced, patience, 'no sync step 2')
  }

  /**
   * @param {number} number
   * @param {number} patience seconds
   * @return {Promise<string>} the status in the server's reply to a request to save
   */
  async save (number, patience) {
    const { encoding } = this.packages
    this.send(RAW, encoder => {
      encoding.writeVarString(encoder, 'save')
      encoding.writeVarUint(encoder, number)
    })
    const reply = () => this.told.find(told => told?.responseTo === number)
    await this.until(() => reply() !== undefined, patience, 'no reply to save')
    return reply().status
  }

  /**
   * @param {() => boolean} done
   * @param {number} patience seconds
   * @param {string} without
   */
  async until (done, patience, without) {
    for (const end = Date.now() + patience * 1000; !done(); await sleep(POLL)) {
      if (this.closed !== null) {
        throw new StepError('refused', this.failed ?? `closed with ${this.closed.code} ${this.closed.reason}`)
      }
      if (Date.now() > end) throw new StepError('refused', `${without} in time`)
    }
  }

  /** Leave in the way of a WebSocket; it sends what was to be sent before. */
  async close () {
    this.doc.off('update', this.changed)
    this.socket.close()
    for (const end = Date.now() + 2000; this.closed === null && Date.now() < end; await sleep(POLL));
  }

  /** Be gone, without a word. */
  abandon () {
    this.doc.off('update', this.changed)
    this.socket.terminate()
  }
}
