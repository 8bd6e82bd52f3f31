/**
 * Finds and loads a library under test.
 *
 * @module
 */
import fs from 'node:fs'
import path from 'node:path'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

/**
 * `fresh` loads another copy, which shares nothing with the first; only for a CommonJS package of one file.
 *
 * @typedef {{library: any, version: string, file: string, fresh: () => any}} Loaded
 */

const source = path.join('src', 'index.js')

/**
 * @param {string} file
 * @return {any}
 */
const readJson = file => JSON.parse(fs.readFileSync(file, 'utf8'))

/**
 * The folder of a package, searched in node_modules from a module upwards.
 *
 * @param {string} name
 * @param {string | URL} from
 * @return {string}
 */
export const installed = (name, from) => {
  for (const folder of createRequire(from).resolve.paths(name) ?? []) {
    const candidate = path.join(folder, name)
    if (fs.existsSync(path.join(candidate, 'package.json'))) return candidate
  }
  throw new Error(`package ${name} is not installed`)
}

/**
 * The file that Node would import for the package's own name.
 *
 * @param {any} manifest package.json
 * @return {string | undefined}
 */
const entryOf = manifest => {
  let target = manifest.exports?.['.'] ?? manifest.exports
  while (target !== null && typeof target === 'object') {
    const condition = Object.keys(target).find(key => key === 'node' || key === 'import' || key === 'default') ?? 'require'
    target = target[condition]
  }
  return target ?? manifest.main
}

/**
 * What to import of a package folder. Of a git checkout it is the source, since a maintainer wants the change tested
 * and not the last build; of an unbuilt package too.
 *
 * @param {string} folder
 * @return {string} file
 */
const entryFile = folder => {
  const checkout = fs.existsSync(path.join(folder, '.git'))
  const declared = entryOf(readJson(path.join(folder, 'package.json')))
  const candidates = checkout ? [source, declared] : [declared, source]
  for (const candidate of [...candidates, 'index.js']) {
    const file = candidate && path.join(folder, candidate)
    if (file && fs.statSync(file, { throwIfNoEntry: false })?.isFile()) return file
  }
  throw new Error(`${folder} has no entry file`)
}

/**
 * The nearest package.json above a file that has a version: folders of a build may hold one that only says `type`.
 *
 * @param {string} file
 * @return {string}
 */
const versionOf = file => {
  for (let folder = path.dirname(file); ; folder = path.dirname(folder)) {
    const manifest = path.join(folder, 'package.json')
    const version = fs.existsSync(manifest) ? readJson(manifest).version : undefined
    if (version !== undefined) return version
    if (folder === path.dirname(folder)) throw new Error(`no package.json with a version above ${file}`)
  }
}

/**
 * @param {string} name the package's name, for when no module is given
 * @param {string} [module] a package folder, or a file to import
 * @return {Promise<Loaded>}
 */
export const load = async (name, module) => {
  const place = fs.realpathSync(module ?? installed(name, import.meta.url))
  const file = fs.statSync(place).isDirectory() ? entryFile(place) : place
  const namespace = await import(pathToFileURL(file).href)
  // Names of a CommonJS module are guessed by Node; its default is the module itself.
  const library = path.extname(file) !== '.mjs' && typeof namespace.default === 'object' ? namespace.default : namespace
  return { library, version: versionOf(file), file, fresh: () => anotherCopy(file) }
}

/** @param {string} file */
const anotherCopy = file => {
  const require = createRequire(file)
  const first = require.cache[file]
  delete require.cache[file]
  try {
    return require(file)
  } finally {
    require.cache[file] = first
  }
}
