/**
 * The server of y-websocket. https://github.com/yjs/y-websocket-server
 *
 * @module
 */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { ServerActor } from './child.mjs'

/**
 * @param {string} module the package's folder
 * @return {Promise<import('./part.mjs').Part>}
 */
export const load = async module => ({
  name: 'y-websocket-server',
  version: JSON.parse(readFileSync(path.join(module, 'package.json'), 'utf8')).version,
  features: new Set(['start', 'stop', 'crash', 'alive', 'server.store']),
  lossy: [],
  begin: (_role, _roots, { home }) => new ServerActor((port, { store }) => ({
    argv: [path.join(module, 'src', 'server.js')],
    env: { HOST: '127.0.0.1', PORT: String(port), ...(store ? { YPERSISTENCE: path.join(home, 'store') } : {}) }
  }), home)
})
