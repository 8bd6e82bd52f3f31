/**
 * Hocuspocus' provider in Node, as a client. https://github.com/ueberdosis/hocuspocus
 *
 * @module
 */
import { createRequire } from 'node:module'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { load as loadLibrary } from '../library.mjs'
import { RoleDocument, documentsOf } from './document.mjs'
import { ProviderClient, ops } from './provider-client.mjs'

/** @typedef {import('./provider-client.mjs').Package} Package */

const GOODBYE = 1000 // milliseconds that the closing handshake is waited for
const POLL = 5 // milliseconds between two looks

/** @param {any} provider */
const connected = provider => provider.configuration.websocketProvider.status === 'connected'

/**
 * @param {string} module the package's folder
 * @return {Promise<import('./part.mjs').Part>}
 */
export const load = async module => {
  const { library, version } = await loadLibrary('@hocuspocus/provider', module)
  const providerWith = (/** @type {any} */ WebSocket) => packageOf(library.HocuspocusProvider, WebSocket)
  const lib = await documentsOf(module)
  return {
    name: 'hocuspocus',
    version,
    features: new Set([...lib.features, ...ops, 'client.unsynced', 'client.scope']),
    lossy: lib.lossy,
    begin: (role, roots, options) => {
      const hocuspocus = providerWith(options.native ? undefined : webSocketFor(module))
      return new ProviderClient(new RoleDocument(lib, role, roots, options), hocuspocus)
    }
  }
}

/**
 * What its documentation gives to a provider in Node.js: `ws`, where it is installed beside it; else Node's own is used.
 *
 * @param {string} module
 */
const webSocketFor = module => {
  try {
    return createRequire(path.join(module, 'package.json'))('ws')
  } catch {
    return undefined
  }
}

/**
 * @param {any} Provider
 * @param {any} WebSocket
 * @return {Package}
 */
const packageOf = (Provider, WebSocket) => ({
  open: ({ url, room, doc, token = null }, closed) => {
    const provider = new Provider({ url, name: room, document: doc, token, WebSocketPolyfill: WebSocket })
    provider.on('close', (/** @type {any} */ { event }) => closed(event))
    return provider
  },
  leave: async provider => {
    provider.disconnect()
    for (const end = Date.now() + GOODBYE; connected(provider) && Date.now() < end; await sleep(POLL));
  },
  // It tries again by itself; only who left has to be called back.
  resume: provider => { if (!provider.configuration.websocketProvider.shouldConnect) provider.connect() },
  status: provider => ({
    connected: connected(provider),
    unsynced: provider.unsyncedChanges,
    scope: provider.authorizedScope ?? null
  })
})
