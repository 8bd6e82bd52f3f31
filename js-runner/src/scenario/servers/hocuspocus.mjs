/**
 * A server of Hocuspocus as a program. Its one argument is JSON: `module`, the package's folder, `port`, and options:
 *
 * - `store`: keep documents with the package in the folder `database`, as files in `folder`
 * - `debounce`, `longest`: milliseconds without a change after which it stores, and most with changes (default: the package's)
 * - `read_only`: the token of clients that may not write
 *
 * @module
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { load } from '../../library.mjs'

const { module, database, port, folder, store, debounce, longest, read_only: readOnly } = JSON.parse(process.argv[2])

/** @param {string} name of a document */
const fileOf = name => path.join(folder, `${Buffer.from(name).toString('hex')}.update`)

/** @param {{documentName: string}} document */
const fetch = async ({ documentName }) => {
  try {
    return readFileSync(fileOf(documentName))
  } catch (error) {
    if (/** @type {any} */ (error).code === 'ENOENT') return null
    throw error
  }
}

/** @param {{documentName: string, state: Uint8Array}} document whose file is always whole, whenever the process dies */
const keep = async ({ documentName, state }) => {
  const file = fileOf(documentName)
  writeFileSync(`${file}.new`, state)
  renameSync(`${file}.new`, file)
}

const extensions = []
if (store) {
  mkdirSync(folder, { recursive: true })
  const { library } = await load('@hocuspocus/extension-database', database)
  extensions.push(new library.Database({ fetch, store: keep }))
}
if (readOnly !== undefined) {
  extensions.push({
    /** @param {{token: string, connectionConfig: {readOnly: boolean}}} client */
    onAuthenticate: async ({ token, connectionConfig }) => { connectionConfig.readOnly = token === readOnly }
  })
}
const { library } = await load('@hocuspocus/server', module)
const pauses = debounce === undefined ? {} : { debounce, maxDebounce: longest }
const server = new library.Server({ port, address: '127.0.0.1', quiet: true, extensions, ...pauses })
await server.listen()
