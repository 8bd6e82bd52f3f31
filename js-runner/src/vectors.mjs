/**
 * Vectors for a run alone: reading the files, and the steps of a case with its finale.
 *
 * @module
 */
import fs from 'node:fs'
import path from 'node:path'

/** @typedef {import('./adapters/adapter.mjs').Format} Format */
/** @typedef {import('./adapters/adapter.mjs').PeerOptions} PeerOptions */
/** @typedef {import('./adapters/adapter.mjs').Roots} Roots */
/** @typedef {import('./session.mjs').Step} Step */

/** @typedef {{state?: Record<string, any>, state_vector?: Record<string, number>}} View */
/** @typedef {{converged?: View, delivered?: Record<string, View>, observations?: Record<string, any>, acceptable?: {converged: View, note: string}[]}} Expect */
/** @typedef {{id: string, title: string, verdict?: string, roots: Roots, wrap?: boolean, peers: Record<string, PeerOptions>, steps: Step[], expect: Expect}} Case */

/** The peer that is fed from the last one at the end. */
export const RELAY = '@relay'
const relay = Object.freeze({ client: 1234567890 })

/** What lies among the vectors and is no suite. */
const notSuites = new Set(['schema', 'requirements', 'scenarios', 'manifest.json'])

/**
 * @param {string} place a file or a folder
 * @return {Generator<string>} files, in the order of their names
 */
export function * suiteFiles (place) {
  if (!fs.statSync(place).isDirectory()) {
    yield place
    return
  }
  const entries = fs.readdirSync(place, { withFileTypes: true }).filter(({ name }) => !notSuites.has(name))
  for (const entry of entries.sort((a, b) => a.name < b.name ? -1 : 1)) {
    const inside = path.join(place, entry.name)
    if (entry.isDirectory()) yield * suiteFiles(inside)
    else if (entry.name.endsWith('.json')) yield inside
  }
}

/**
 * @param {string} file
 * @return {Case[]}
 * @throws {Error} not a suite
 */
export const readSuite = file => {
  const { cases } = JSON.parse(fs.readFileSync(file, 'utf8'))
  if (!Array.isArray(cases)) throw new Error('not a suite: it has no cases')
  for (const vector of cases) {
    for (const key of ['id', 'roots', 'peers', 'steps', 'expect']) {
      if (vector[key] === undefined) throw new Error(`case ${vector.id ?? '?'} has no ${key}`)
    }
    vector.steps = expanded(vector.steps)
  }
  return cases
}

/**
 * Each step in its place as often as its `times` says, those of transactions too.
 *
 * @param {(Step & {times?: number})[]} steps
 * @return {Step[]}
 */
const expanded = steps => steps.flatMap(({ times = 1, ...step }) =>
  Array(times).fill(step.steps === undefined ? step : { ...step, steps: expanded(step.steps) }))

/** @param {Case} vector */
export const hasFinale = vector => vector.verdict !== 'invalid'

/**
 * @param {Case} vector
 * @return {Record<string, PeerOptions>}
 */
export const peersOf = vector => hasFinale(vector) ? { ...vector.peers, [RELAY]: relay } : vector.peers

/** @param {any} source */
const isLiteral = source => typeof source === 'object' && source !== null

/**
 * Bytes that stand in the vector are in the format that the vector says, whatever the run's.
 *
 * @param {Step} step
 */
const holdsBytes = step => [step.update, step.snapshot, ...(step.updates ?? []), ...(step.snapshots ?? [])].some(isLiteral)

/**
 * The steps of a case in a format, followed by the finale of docs/vectors.md.
 *
 * @param {Case} vector
 * @param {Format} format
 * @return {Step[]}
 */
export const stepsOf = (vector, format) => {
  const own = vector.steps.map(step => step.format !== undefined || holdsBytes(step) ? step : { ...step, format })
  return hasFinale(vector) ? [...own, ...finale(Object.keys(vector.peers), format)] : own
}

/**
 * @param {string} peer
 * @param {string} round
 * @return {Step[]}
 */
const look = (peer, round) => {
  const name = peer.startsWith('@') ? peer : '@' + peer
  return [
    { op: 'state', peer, as: `${name}.state${round}` },
    { op: 'state_vector', peer, as: `${name}.sv${round}` }
  ]
}

/**
 * @param {string[]} peers
 * @param {Format} format
 * @return {Step[]}
 */
const finale = (peers, format) => {
  const steps = peers.flatMap(peer => look(peer, ''))
  if (peers.length > 1) {
    for (const p of peers) {
      for (const q of peers) {
        if (p === q) continue
        steps.push(
          { op: 'state_vector', peer: q, as: '@since' },
          { op: 'encode', peer: p, since: '@since', as: '@update', format },
          { op: 'apply', peer: q, update: '@update', format }
        )
      }
    }
    steps.push(...peers.flatMap(peer => look(peer, '2')))
  }
  return [
    ...steps,
    { op: 'encode', peer: peers[peers.length - 1], as: '@update', format },
    { op: 'apply', peer: RELAY, update: '@update', format },
    ...look(RELAY, '')
  ]
}
