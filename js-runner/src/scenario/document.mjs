/**
 * Documents of roles: a library of the lower layers, through its adapter.
 *
 * @module
 */
import { loadAdapter } from '../adapters/index.mjs'
import { installed } from '../library.mjs'

export { RoleDocument } from './role-document.mjs'

/** @typedef {import('../adapters/adapter.mjs').Adapter} Adapter */

/**
 * The adapter of the Yjs that a package uses.
 *
 * @param {string} module the package's folder
 * @return {Promise<Adapter>}
 */
export const documentsOf = async module => {
  const { adapter } = await loadAdapter('yjs', installed('yjs', new URL(`file://${module}/package.json`)))
  return adapter
}
