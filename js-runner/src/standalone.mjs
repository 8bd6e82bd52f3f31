/**
 * A run alone: one library plays all peers of each case.
 *
 * @module
 */
import { Played } from './compare.mjs'
import { Session, failure, isPanic } from './session.mjs'
import { write } from './stdio.mjs'
import { peersOf, readSuite, stepsOf, suiteFiles } from './vectors.mjs'

/** @typedef {import('./adapters/adapter.mjs').Adapter} Adapter */
/** @typedef {import('./adapters/adapter.mjs').Format} Format */
/** @typedef {import('./session.mjs').Answer} Answer */
/** @typedef {import('./session.mjs').Step} Step */
/** @typedef {import('./vectors.mjs').Case} Case */
/** @typedef {import('./adapters/index.mjs').LoadedAdapter} LoadedAdapter */
/** @typedef {{format?: string, filter?: string}} Options `format`: v1, v2 or both */

export const AGREES = 0
export const DIFFERS = 1
export const BAD_VECTOR = 2

const widest = 160

const paint = process.stdout.isTTY
  ? (/** @type {number} */ colour, /** @type {string} */ text) => `\x1b[${colour}m${text}\x1b[0m`
  : (/** @type {number} */ _, /** @type {string} */ text) => text

/**
 * @param {string} glob with `*` for anything
 * @return {RegExp}
 */
const toRegExp = glob => new RegExp(`^${glob.split('*').map(part => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&')).join('.*')}$`)

/**
 * @param {Adapter} lib
 * @param {Case} vector
 * @param {Step[]} steps
 * @return {{answers: Answer[], fit: boolean}} `fit`: the library can go on
 */
const play = (lib, vector, steps) => {
  let session
  try {
    session = new Session(lib, vector.roots, peersOf(vector), vector.wrap)
  } catch (error) {
    const answers = [failure(error, lib)]
    return { answers, fit: !spoils(lib, answers) }
  }
  const answers = session.run(steps)
  return { answers, fit: !spoils(lib, answers) && session.close() }
}

/**
 * @param {Adapter} lib
 * @param {Answer[]} answers
 */
const spoils = (lib, answers) => lib.restartAfterPanic && answers.some(isPanic)

/**
 * Plays cases one after another, with a new copy of the library after a panic that spoils it.
 */
class Player {
  /** @param {LoadedAdapter} loaded */
  constructor ({ adapter, renew }) {
    this.lib = adapter
    this.renew = renew
    this.tally = { passed: 0, failed: 0, unsupported: 0 }
  }

  /**
   * @param {Case} vector
   * @param {Format[]} formats
   */
  play (vector, formats) {
    /** @type {string[]} */
    const differences = []
    /** @type {string | undefined} */
    let unsupported
    let state
    for (const format of formats) {
      const steps = stepsOf(vector, format)
      const { answers, fit } = play(this.lib, vector, steps)
      const played = new Played(vector, steps, answers, this.lib.lossy)
      if (!fit && this.lib.restartAfterPanic) this.lib = this.renew()
      unsupported ??= played.unsupported()
      state ??= played.state()
      if (played.unsupported() === undefined) differences.push(...played.differences().map(line => `${format} ${line}`))
    }
    this.report(vector, state, differences, unsupported)
  }

  /**
   * @param {Case} vector
   * @param {any} state
   * @param {string[]} differences
   * @param {string | undefined} unsupported
   */
  report (vector, state, differences, unsupported) {
    const text = state === undefined ? '' : JSON.stringify(state)
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
 * @param {string[]} places files or folders of vectors
 * @param {Options} options
 * @return {number} exit code
 */
export const playFiles = (loaded, places, { format = 'both', filter = '*' } = {}) => {
  const player = new Player(loaded)
  const wanted = toRegExp(filter)
  const formats = formatsOf(loaded.adapter, format)
  console.error(`${loaded.adapter.name} ${loaded.adapter.version} (${formats.join(', ')})`)
  let bad = false
  for (const place of places) {
    try {
      for (const file of suiteFiles(place)) {
        try {
          for (const vector of readSuite(file)) {
            if (wanted.test(vector.id)) player.play(vector, formats)
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
  const { passed, failed, unsupported } = player.tally
  print(`${passed + failed + unsupported} cases: ${passed} passed, ${failed} failed, ${unsupported} unsupported`)
  if (bad) return BAD_VECTOR
  return failed > 0 ? DIFFERS : AGREES
}
