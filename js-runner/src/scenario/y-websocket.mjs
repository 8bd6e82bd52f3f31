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
import { ProviderClient, ops, yWebsocket } from './provider-client.mjs'

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
    features: new Set([...lib.features, ...ops]),
    lossy: lib.lossy,
    begin: (role, roots, options) => new ProviderClient(new RoleDocument(lib, role, roots, options), yWebsocket(WebsocketProvider, WebSocket))
  }
}
