/**
 * Loads y-protocols for a library under test.
 *
 * @module
 */
import fs from 'node:fs'
import path from 'node:path'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { installed } from './library.mjs'

/** @typedef {{sync: any, awareness: any, encoding: any, decoding: any}} Protocols */

/**
 * The package beside the library, else beside this runner.
 *
 * @param {string} name
 * @param {string} library file
 * @return {string} folder
 */
const folderOf = (name, library) => {
  try {
    return installed(name, pathToFileURL(library))
  } catch {
    return installed(name, import.meta.url)
  }
}

/**
 * @param {string} folder
 * @param {string} name a module of the package
 * @return {string} file
 */
const moduleFile = (folder, name) => {
  const { exports } = JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8'))
  const target = exports['./' + name]
  return path.join(folder, target.import ?? target.default)
}

/**
 * Imports a module whose bare imports lead elsewhere: left alone, it would import a second copy of the library.
 *
 * @param {string} file
 * @param {(specifier: string) => string} resolve gives a URL
 */
const importWith = (file, resolve) => {
  const source = fs.readFileSync(file, 'utf8').replace(/(?<=^import .* from )'([^']+)'/gm, (_, specifier) => JSON.stringify(resolve(specifier)))
  return import('data:text/javascript;base64,' + Buffer.from(source).toString('base64'))
}

/**
 * @param {string} name the package
 * @param {string} library what its modules get as the library
 * @return {Promise<Protocols | undefined>} undefined where it is not installed, or does not go with the library
 */
export const loadProtocols = async (name, library) => {
  try {
    const folder = folderOf(name, library)
    const require = createRequire(path.join(folder, 'package.json'))
    const lib0 = (/** @type {string} */ specifier) => pathToFileURL(require.resolve(specifier)).href
    const resolve = (/** @type {string} */ specifier) => specifier.startsWith('lib0/') ? lib0(specifier) : pathToFileURL(library).href
    return {
      sync: await importWith(moduleFile(folder, 'sync'), resolve),
      awareness: await importWith(moduleFile(folder, 'awareness'), resolve),
      encoding: await import(lib0('lib0/encoding')),
      decoding: await import(lib0('lib0/decoding'))
    }
  } catch (error) {
    console.error(`${name} is not used: ${error instanceof Error ? error.message : error}`)
    return undefined
  }
}
