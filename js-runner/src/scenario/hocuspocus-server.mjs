/**
 * The server of Hocuspocus. https://github.com/ueberdosis/hocuspocus
 *
 * @module
 */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { installed } from '../library.mjs'
import { ServerActor } from './child.mjs'

const PROGRAM = fileURLToPath(new URL('servers/hocuspocus.mjs', import.meta.url))

/**
 * @param {string} module the package's folder
 * @return {Promise<import('./part.mjs').Part>}
 */
export const load = async module => {
  const database = beside(module, '@hocuspocus/extension-database')
  const ops = ['start', 'stop', 'crash', 'alive']
  const stores = database === null ? [] : ['server.store', 'server.debounce']
  return {
    name: 'hocuspocus-server',
    version: JSON.parse(readFileSync(path.join(module, 'package.json'), 'utf8')).version,
    features: new Set([...ops, ...stores, 'server.envelope', 'server.read_only']),
    lossy: [],
    begin: (_role, _roots, { home }) => new ServerActor((port, { op: _op, peer: _peer, ...options }) => ({
      argv: [PROGRAM, JSON.stringify({ ...options, module, database, port, folder: path.join(home, 'store') })],
      env: {}
    }), home)
  }
}

/**
 * The folder of a package that is installed beside another; null when it is not.
 *
 * @param {string} module
 * @param {string} name
 */
const beside = (module, name) => {
  try {
    return installed(name, path.join(module, 'package.json'))
  } catch {
    return null
  }
}
