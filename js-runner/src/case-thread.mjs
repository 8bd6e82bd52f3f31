/**
 * The thread of a run alone that plays cases, one for each message, with a new copy of the library after a panic that
 * spoils it.
 *
 * @module
 */
import { parentPort, workerData } from 'node:worker_threads'

/** @typedef {import('./adapters/adapter.mjs').Adapter} Adapter */
/** @typedef {import('./adapters/adapter.mjs').Format} Format */
/** @typedef {import('./session.mjs').Answer} Answer */
/** @typedef {import('./session.mjs').Step} Step */
/** @typedef {import('./vectors.mjs').Case} Case */
/**
 * `state` is what the peers held in the end, as JSON; `unsupported` a feature that is lacking.
 *
 * @typedef {{state?: string, differences: string[], unsupported?: string}} Outcome
 */

// As in main.mjs.
globalThis.console = new console.Console(process.stderr, process.stderr)

const { loadAdapter } = await import('./adapters/index.mjs')
const { Played } = await import('./compare.mjs')
const { Session, failure, isPanic } = await import('./session.mjs')
const { peersOf, stepsOf } = await import('./vectors.mjs')

const { adapter, renew } = await loadAdapter(workerData.impl, workerData.module)
let lib = adapter

/**
 * @param {Case} vector
 * @param {Step[]} steps
 * @return {{answers: Answer[], fit: boolean}} `fit`: the library can go on
 */
const play = (vector, steps) => {
  let session
  try {
    session = new Session(lib, vector.roots, peersOf(vector), vector.wrap)
  } catch (error) {
    const answers = [failure(error, lib)]
    return { answers, fit: !spoils(answers) }
  }
  const answers = session.run(steps)
  return { answers, fit: !spoils(answers) && session.close() }
}

/** @param {Answer[]} answers */
const spoils = answers => lib.restartAfterPanic && answers.some(isPanic)

/**
 * @param {Case} vector
 * @param {Format[]} formats
 * @return {Outcome}
 */
const outcome = (vector, formats) => {
  /** @type {string[]} */
  const differences = []
  /** @type {string | undefined} */
  let unsupported
  let state
  for (const format of formats) {
    const steps = stepsOf(vector, format)
    const { answers, fit } = play(vector, steps)
    const played = new Played(vector, steps, answers, lib.lossy)
    if (!fit && lib.restartAfterPanic) lib = renew()
    unsupported ??= played.unsupported()
    state ??= played.state()
    if (played.unsupported() === undefined) differences.push(...played.differences().map(line => `${format} ${line}`))
  }
  return { state: state === undefined ? undefined : JSON.stringify(state), differences, unsupported }
}

parentPort?.on('message', ({ vector, formats }) => parentPort?.postMessage(outcome(vector, formats)))
