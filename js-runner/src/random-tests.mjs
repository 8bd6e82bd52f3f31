/**
 * The random tests that Yjs has for itself, as a yardstick for random programs of the kit.
 *
 * @module
 */
import path from 'node:path'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

const ITERATIONS = 100

/**
 * What peers do: the same kinds of edits as the kit's profiles text, array and map, as often.
 *
 * @param {any} prng
 * @return {((user: any, gen: any) => void)[]}
 */
const edits = prng => {
  /** @param {any} gen @param {any} list @param {(index: number) => void} act */
  const at = (gen, list, act) => { act(prng.int32(gen, 0, list.length)) }
  /** @param {any} gen @param {any} list */
  const cut = (gen, list) => {
    if (list.length === 0) return
    const index = prng.int32(gen, 0, list.length - 1)
    list.delete(index, prng.int32(gen, 1, Math.min(3, list.length - index)))
  }
  /** @type {[number, (user: any, gen: any) => void][]} */
  const weighted = [
    [6, (user, gen) => { at(gen, user.getText('t'), index => { user.getText('t').insert(index, prng.word(gen, 1, 6)) }) }],
    [3, (user, gen) => { cut(gen, user.getText('t')) }],
    [5, (user, gen) => { at(gen, user.getArray('l'), index => { user.getArray('l').insert(index, [prng.int32(gen, 0, 999), 'text']) }) }],
    [3, (user, gen) => { cut(gen, user.getArray('l')) }],
    [5, (user, gen) => { user.getMap('m').set(prng.oneOf(gen, ['a', 'b', 'c', 'd']), prng.int32(gen, 0, 999)) }],
    [2, (user, gen) => { user.getMap('m').delete(prng.oneOf(gen, ['a', 'b', 'c', 'd'])) }]
  ]
  return weighted.flatMap(([weight, edit]) => Array(weight).fill(edit))
}

/**
 * @param {string} folder of the package
 * @param {number} tests
 * @return {Promise<{edits: number, seconds: number}>} CPU seconds
 * @throws the package has no random tests
 */
export const randomTests = async (folder, tests) => {
  const file = path.join(folder, 'dist', 'testHelper.mjs')
  const { applyRandomTests } = await import(pathToFileURL(path.resolve(file)).href)
  const prng = await import(pathToFileURL(createRequire(path.resolve(file)).resolve('lib0/prng')).href)
  const mods = edits(prng)
  console.log = () => {} // what it says of each test would be measured too
  const before = process.cpuUsage()
  for (let seed = 1; seed <= tests; seed++) applyRandomTests({ prng: prng.create(seed) }, mods, ITERATIONS)
  const { user, system } = process.cpuUsage(before)
  return { edits: tests * ITERATIONS, seconds: (user + system) / 1e6 }
}
