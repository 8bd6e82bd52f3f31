/**
 * A run alone: one library plays all peers of each case.
 *
 * @module
 */
import { Worker } from 'node:worker_threads'
import { write } from './stdio.mjs'
import { readSuite, suiteFiles } from './vectors.mjs'

/** @typedef {import('./adapters/adapter.mjs').Adapter} Adapter */
/** @typedef {import('./adapters/adapter.mjs').Format} Format */
/** @typedef {import('./case-thread.mjs').Outcome} Outcome */
/** @typedef {import('./vectors.mjs').Case} Case */
/** @typedef {import('./adapters/index.mjs').LoadedAdapter} LoadedAdapter */
/** @typedef {{impl: string, module?: string}} Library what `loadAdapter` takes */
/** @typedef {{format?: string, filter?: string}} Options `format`: v1, v2 or both */

export const AGREES = 0
export const DIFFERS = 1
export const BAD_VECTOR = 2

const widest = 160
/** Milliseconds for a case, and MiB: those of a case in the kit. */
const deadline = 10_000
const memory = 2048

const paint = process.stdout.isTTY
  ? (/** @type {number} */ colour, /** @type {string} */ text) => `\x1b[${colour}m${text}\x1b[0m`
  : (/** @type {number} */ _, /** @type {string} */ text) => text

/**
 * @param {string} glob with `*` for anything
 * @return {RegExp}
 */
const toRegExp = glob => new RegExp(`^${glob.split('*').map(part => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&')).join('.*')}$`)

/**
 * Plays cases one after another, in a thread of its own: a case that never ends, or takes all memory, is one that failed.
 */
class Player {
  /** @param {Library} library */
  constructor (library) {
    this.library = library
    /** @type {Worker | undefined} */
    this.thread = undefined
    this.tally = { passed: 0, failed: 0, unsupported: 0 }
  }

  /**
   * @param {Case} vector
   * @param {Format[]} formats
   */
  async play (vector, formats) {
    this.report(vector, await this.outcome(vector, formats))
  }

  /**
   * @param {Case} vector
   * @param {Format[]} formats
   * @return {Promise<Outcome>}
   */
  outcome (vector, formats) {
    const thread = this.thread ??= new Worker(new URL('./case-thread.mjs', import.meta.url), {
      workerData: this.library,
      resourceLimits: { maxOldGenerationSizeMb: memory, stackSizeMb: 1 }
    })
    return new Promise(resolve => {
      /** @param {Outcome} outcome */
      const done = outcome => {
        clearTimeout(timer)
        thread.off('message', done).off('error', broke).off('exit', ended)
        resolve(outcome)
      }
      /** @param {unknown} what */
      const broke = what => {
        this.thread = undefined
        done({ differences: [String(what)] })
        thread.terminate()
      }
      /** @param {number} code */
      const ended = code => { broke(`the thread ended with ${code}`) }
      const timer = setTimeout(() => { broke(`no answer within ${deadline / 1000} s`) }, deadline)
      thread.on('message', done).on('error', broke).on('exit', ended)
      thread.postMessage({ vector, formats })
    })
  }

  async close () {
    await this.thread?.terminate()
  }

  /**
   * @param {Case} vector
   * @param {Outcome} outcome
   */
  report (vector, { state, differences, unsupported }) {
    const text = state ?? ''
    const shown = text.length > widest ? text.slice(0, widest) + '…' : text
    if (differences.length > 0) {
      this.tally.failed++
      print(`${paint(31, 'FAIL')}        ${vector.id}  ${shown}\n${differences.map(line => `    ${line}`).join('\n')}`)
    } else if (unsupported !== undefined) {
      this.tally.unsupported++
      print(`${paint(33, 'unsupported')} ${vector.id}  ${unsupported}`)
    } else {
      this.tally.passed++
      print(`${paint(32, 'pass')}        ${vector.id}  ${shown}`)
    }
  }
}

/** @param {string} line */
const print = line => { write(1, line + '\n') }

/**
 * The formats to run, of those that the library can.
 *
 * @param {Adapter} lib
 * @param {string} wanted
 * @return {Format[]}
 */
const formatsOf = ({ features }, wanted) => {
  /** @type {Format[]} */
  const formats = []
  if (wanted !== 'v2') formats.push('v1')
  if (wanted !== 'v1' && features.has('encode.v2') && features.has('apply.v2')) formats.push('v2')
  return formats
}

/**
 * @param {LoadedAdapter} loaded
 * @param {Library} library the same, for the thread that plays
 * @param {string[]} places files or folders of vectors
 * @param {Options} options
 * @return {Promise<number>} exit code
 */
export const playFiles = async (loaded, library, places, { format = 'both', filter = '*' } = {}) => {
  const player = new Player(library)
  const wanted = toRegExp(filter)
  const formats = formatsOf(loaded.adapter, format)
  console.error(`${loaded.adapter.name} ${loaded.adapter.version} (${formats.join(', ')})`)
  let bad = false
  for (const place of places) {
    try {
      for (const file of suiteFiles(place)) {
        try {
          for (const vector of readSuite(file)) {
            if (wanted.test(vector.id)) await player.play(vector, formats)
          }
        } catch (error) {
          bad = true
          console.error(`${file}: ${error instanceof Error ? error.message : error}`)
        }
      }
    } catch (error) {
      bad = true
      console.error(`${place}: ${error instanceof Error ? error.message : error}`)
    }
  }
  await player.close()
  const { passed, failed, unsupported } = player.tally
  print(`${passed + failed + unsupported} cases: ${passed} passed, ${failed} failed, ${unsupported} unsupported`)
  if (bad) return BAD_VECTOR
  return failed > 0 ? DIFFERS : AGREES
}
