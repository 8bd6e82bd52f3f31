/**
 * Awareness and sync messages, as y-protocols has them.
 *
 * @module
 */
import { Clock } from '../clock.mjs'
import { REMOTE, lacks } from './adapter.mjs'

/** @typedef {import('./adapter.mjs').Adapter} Adapter */
/** @typedef {import('./adapter.mjs').Awareness} Awareness */
/** @typedef {import('../yprotocols.mjs').Protocols} Protocols */

const features = Object.freeze([
  'awareness.set', 'awareness.encode', 'awareness.apply', 'awareness.remove', 'awareness.states', 'awareness.events', 'awareness.advance',
  'sync.step1', 'sync.step2', 'sync.update', 'sync.read'
])

/**
 * @param {Protocols | undefined} protocols
 * @return {readonly string[]}
 */
export const protocolFeatures = protocols => protocols === undefined ? [] : features

/** @type {(list: number[]) => number[]} */
const sorted = list => [...list].sort((a, b) => a - b)

/**
 * @param {any} Protocol the module
 * @param {any} doc
 * @return {Awareness}
 */
const awarenessOf = (Protocol, doc) => {
  const clock = new Clock()
  const awareness = clock.within(() => new Protocol.Awareness(doc))
  /** @type {import('./adapter.mjs').AwarenessEvent[]} */
  const events = []
  awareness.on('update', (/** @type {any} */ { added, updated, removed }) => {
    events.push({ added: sorted(added), updated: sorted(updated), removed: sorted(removed) })
  })
  return {
    set: state => { clock.within(() => awareness.setLocalState(state)) },
    encode: (clients = [...awareness.getStates().keys()]) => Protocol.encodeAwarenessUpdate(awareness, clients),
    apply: update => { clock.within(() => Protocol.applyAwarenessUpdate(awareness, update, REMOTE)) },
    remove: clients => { clock.within(() => Protocol.removeAwarenessStates(awareness, clients, REMOTE)) },
    states: () => Object.fromEntries(awareness.getStates()),
    events: () => events.splice(0),
    advance: milliseconds => { clock.advance(milliseconds) }
  }
}

/**
 * @param {Protocols} protocols
 * @return {Adapter['sync']}
 */
const syncOf = ({ sync, encoding, decoding }) => {
  /** @param {(encoder: any) => void} write */
  const message = write => {
    const encoder = encoding.createEncoder()
    write(encoder)
    return encoding.toUint8Array(encoder)
  }
  return {
    step1: doc => message(encoder => { sync.writeSyncStep1(encoder, doc) }),
    step2: (doc, since) => message(encoder => { sync.writeSyncStep2(encoder, doc, since) }),
    update: update => message(encoder => { sync.writeUpdate(encoder, update) }),
    read: (doc, bytes) => {
      /** @type {unknown[]} */
      const errors = []
      const reply = message(encoder => {
        // It catches errors of updates, and tells them to this handler only.
        sync.readSyncMessage(decoding.createDecoder(bytes), encoder, doc, REMOTE, (/** @type {unknown} */ error) => { errors.push(error) })
      })
      if (errors.length > 0) throw errors[0]
      return reply.length > 0 ? reply : null
    }
  }
}

/**
 * The part of the adapter that talks y-protocols.
 *
 * @param {Protocols | undefined} protocols
 * @return {Pick<Adapter, 'awareness' | 'sync'>}
 */
export const speaking = protocols => protocols === undefined
  ? silent
  : { awareness: doc => awarenessOf(protocols.awareness, doc), sync: syncOf(protocols) }

/** Of a library without y-protocols. */
export const silent = Object.freeze({
  awareness: lacks('awareness'),
  sync: Object.freeze({ step1: lacks('sync.step1'), step2: lacks('sync.step2'), update: lacks('sync.update'), read: lacks('sync.read') })
})
