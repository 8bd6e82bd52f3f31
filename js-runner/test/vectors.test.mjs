import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { parse } from 'smol-toml'
import { loadAdapter } from '../src/adapters/index.mjs'
import { repository, runner } from './process.mjs'
import { readSuite } from '../src/vectors.mjs'
import { contains } from './version.mjs'

/** @typedef {{id: string, cases: string[], versions: string, castings?: string, deliveries?: string}} Divergence */

/** What the ids of scenarios begin with: the coordinator alone performs them. */
const scenario = /^(store|websocket|ydoc|collaboration)\//

/**
 * The divergences that a run alone of this version must show.
 *
 * @param {string} impl
 * @param {string} version
 * @return {Divergence[]}
 */
const known = (impl, version) => {
  const file = path.join(repository, 'runners', 'known', `${impl}.toml`)
  if (!fs.existsSync(file)) return []
  const divergences = /** @type {any} */ (parse(fs.readFileSync(file, 'utf8'))).divergence ?? []
  return divergences.filter((/** @type {Divergence} */ { cases, castings, deliveries, versions }) =>
    !cases.every(id => scenario.test(id)) && castings !== 'cross' && deliveries !== 'varied' && contains(versions, version))
}

/**
 * @param {Divergence} divergence
 * @param {string} id
 */
const covers = ({ cases }, id) => cases.some(glob => matches(glob, id))

/**
 * @param {string} glob
 * @param {string} id
 */
const matches = (glob, id) => new RegExp(`^${glob.replace(/[.+^${}()|\\]/g, '\\$&').replaceAll('*', '.*').replaceAll('?', '.')}$`).test(id)

/** The cases that never fail a run. */
const informational = new Set(
  fs.readdirSync(path.join(repository, 'vectors'), { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.json') && name.includes(path.sep) && !/^(schema|requirements|scenarios)/.test(name))
    .flatMap(name => JSON.parse(fs.readFileSync(path.join(repository, 'vectors', name), 'utf8')).cases)
    .filter(({ level }) => level === 'informational')
    .map(({ id }) => id)
)

for (const impl of ['yjs', 'yjs14', 'ywasm']) {
  test(`${impl}: alone, it differs where it is known to and nowhere else`, async () => {
    const { status, stdout } = runner(['--impl', impl, path.join(repository, 'vectors')])
    assert.notEqual(status, 2, 'a vector is bad')
    const failing = [...stdout.matchAll(/^FAIL +(\S+)/gm)].map(([, id]) => id)
    const { adapter } = await loadAdapter(impl)
    const divergences = known(impl, adapter.version)
    const surprising = failing.filter(id => !informational.has(id) && !divergences.some(divergence => covers(divergence, id)))
    const stale = divergences.filter(divergence => !failing.some(id => covers(divergence, id))).map(({ id }) => id)
    assert.deepEqual({ surprising, stale }, { surprising: [], stale: [] })
  })
}

test('a step is read as often as it says', () => {
  const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'suite-')), 'suite.json')
  const step = { op: 'text.insert', peer: 'a', path: ['t'], index: 0, text: 'x' }
  const steps = [{ ...step, times: 3 }, { op: 'transact', peer: 'a', steps: [step, { ...step, times: 2 }] }]
  fs.writeFileSync(file, JSON.stringify({ cases: [{ id: 's/one', roots: {}, peers: {}, steps, expect: {} }] }))
  const [{ steps: read }] = readSuite(file)
  assert.deepEqual(read, [step, step, step, { op: 'transact', peer: 'a', steps: [step, step, step] }])
})
