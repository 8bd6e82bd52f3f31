/**
 * The table of adapters. A library is loaded only when its adapter is asked for: two copies of Yjs in one process
 * disturb each other.
 *
 * @module
 */
import '../clock.mjs'
import '../finalizers.mjs'
import { load } from '../library.mjs'
import { loadProtocols } from '../yprotocols.mjs'

/** @typedef {import('./adapter.mjs').Adapter} Adapter */
/** @typedef {import('../library.mjs').Loaded & {protocols?: import('../yprotocols.mjs').Protocols, features?: Adapter['features']}} Loaded */
/** @typedef {{package: string, protocols?: string, adapter: () => Promise<{adapt: (loaded: Loaded) => Adapter}>}} Entry */

/** @type {Readonly<Record<string, Entry>>} */
export const implementations = Object.freeze({
  yjs: { package: 'yjs', protocols: 'y-protocols', adapter: () => import('./yjs.mjs') },
  yjs14: { package: '@y/y', protocols: '@y/protocols', adapter: () => import('./yjs14.mjs') },
  ywasm: { package: 'ywasm', adapter: () => import('./ywasm.mjs') }
})

/**
 * `renew` gives the adapter with another copy of its library, for when a panic spoiled the first.
 *
 * @typedef {{adapter: Adapter, renew: () => Adapter}} LoadedAdapter
 */

/**
 * @param {string} implementation a key of `implementations`
 * @param {string} [module] a package folder or a file, instead of what is installed with this runner
 * @return {Promise<LoadedAdapter>}
 * @throws {Error} the library cannot be loaded
 */
export const loadAdapter = async (implementation, module) => {
  const entry = implementations[implementation]
  const library = await load(entry.package, module)
  const protocols = entry.protocols === undefined ? undefined : await loadProtocols(entry.protocols, library.file)
  const loaded = { ...library, protocols }
  const { adapt } = await entry.adapter()
  const adapter = adapt(loaded)
  return { adapter, renew: () => adapt({ ...loaded, library: loaded.fresh(), features: adapter.features }) }
}
