/**
 * The protocol loop: requests from standard input, answers to standard output.
 *
 * @module
 */
import { readFileSync } from 'node:fs'
import { lines, write } from './stdio.mjs'
import { Session, failure, isPanic } from './session.mjs'

/** @typedef {import('./adapters/adapter.mjs').Adapter} Adapter */
/** @typedef {{session: number, roots?: any, peers?: any, wrap?: boolean, steps: any[], end?: boolean}} SessionRequest */
/** @typedef {{session: number, answers: (import('./session.mjs').Answer | number)[]}} SessionAnswer */

export const PROTOCOL = 1

/** Plays sessions of one library; holds those that are still open. */
export class Runner {
  /** @param {import('./adapters/index.mjs').LoadedAdapter} loaded */
  constructor ({ adapter, renew }) {
    this.lib = adapter
    this.renew = renew
    /** @type {Map<number, Session | null>} null: could not be set up, or ended early */
    this.sessions = new Map()
    /** A panic left the library unfit. */
    this.spent = false
  }

  /**
   * @param {any} request
   * @return {object} the answer
   */
  answer (request) {
    const { seq } = request
    if (request.hello !== undefined) return { seq, hello: { ...hello(this.lib), like: true } }
    /** @type {SessionAnswer[]} */
    const run = []
    for (const part of request.run) {
      const whole = part.like === undefined ? part : { ...request.run[part.like], session: part.session }
      run.push({ session: part.session, answers: counted(this.run(whole)) })
      if (this.spent) return { seq, run, ...this.#replaced() }
    }
    return { seq, run }
  }

  /** Takes another copy of the library, which knows nothing of the open sessions. */
  #replaced () {
    this.lib = this.renew()
    this.sessions.clear()
    this.spent = false
    return { renewed: true }
  }

  /**
   * @param {SessionRequest} part
   * @return {import('./session.mjs').Answer[]}
   */
  run (part) {
    let session = this.sessions.get(part.session)
    if (session === undefined) {
      if (part.peers === undefined) {
        return [{ error: { kind: 'runner', message: `session ${part.session} never began` } }]
      }
      try {
        session = new Session(this.lib, part.roots ?? {}, part.peers, part.wrap)
      } catch (error) {
        if (!part.end) this.sessions.set(part.session, null)
        return this.#checked([failure(error, this.lib)])
      }
    }
    const answers = session === null ? [] : this.#checked(session.run(part.steps))
    if (session !== null && (part.end || session.over) && !this.spent && !session.close()) this.spent = this.lib.restartAfterPanic
    if (part.end) this.sessions.delete(part.session)
    else this.sessions.set(part.session, session !== null && session.over ? null : session)
    return answers
  }

  /** @param {import('./session.mjs').Answer[]} answers */
  #checked (answers) {
    if (this.lib.restartAfterPanic && answers.length > 0 && isPanic(answers[answers.length - 1])) this.spent = true
    return answers
  }
}

/**
 * Steps in a row that observed nothing are told as their number.
 *
 * @param {import('./session.mjs').Answer[]} answers
 * @return {(import('./session.mjs').Answer | number)[]}
 */
const counted = answers => {
  /** @type {(import('./session.mjs').Answer | number)[]} */
  const told = []
  let done = 0
  for (const answer of answers) {
    if ('ok' in answer && answer.ok === null) {
      done++
      continue
    }
    if (done > 0) told.push(done)
    done = 0
    told.push(answer)
  }
  if (done > 0) told.push(done)
  return told
}

/**
 * What a runner says of the library, or of the part of a scenario, that it hosts.
 *
 * @param {Pick<Adapter, 'name' | 'version' | 'features' | 'lossy'>} lib
 */
export const hello = lib => ({
  protocol: PROTOCOL,
  name: lib.name,
  version: lib.version,
  language: 'javascript',
  runtime: `node ${process.versions.node}`,
  features: [...lib.features].sort(),
  lossy: lib.lossy
})

/**
 * The line of an answer. A session whose answers have no JSON, such as a state that nests too deep, is told to be at
 * fault; all are when the line would be above the longest string.
 *
 * @param {any} answer
 * @return {string}
 */
export const stringify = answer => {
  try {
    return JSON.stringify(answer)
  } catch (error) {
    /** @param {SessionAnswer} part */
    const written = part => {
      try {
        JSON.stringify(part)
        return part
      } catch (reason) {
        return unwritten(part, reason)
      }
    }
    try {
      return JSON.stringify({ ...answer, run: answer.run.map(written) })
    } catch {
      return JSON.stringify({ ...answer, run: answer.run.map((/** @type {SessionAnswer} */ part) => unwritten(part, error)), restart: true })
    }
  }
}

/**
 * @param {SessionAnswer} part
 * @param {unknown} reason
 * @return {SessionAnswer}
 */
const unwritten = ({ session }, reason) => ({
  session, answers: [{ error: { kind: 'runner', message: `the answer cannot be written: ${reason}` } }]
})

/**
 * Serves until standard input ends.
 *
 * @param {import('./adapters/index.mjs').LoadedAdapter} loaded
 */
export const serve = loaded => {
  const runner = new Runner(loaded)
  for (const line of lines(0)) {
    if (line === '') continue
    const request = JSON.parse(line)
    write(1, stringify(runner.answer(request)) + '\n')
  }
}

/**
 * The CPU time of the same work without a coordinator: requests parsed beforehand, answers made but not written.
 *
 * @param {import('./adapters/index.mjs').LoadedAdapter} loaded
 * @param {string} file request lines
 * @return {{sessions: number, seconds: number}}
 */
export const measure = (loaded, file) => {
  const requests = readFileSync(file, 'utf8').split('\n').filter(line => line !== '').map(line => JSON.parse(line))
  const runner = new Runner(loaded)
  let sessions = 0
  const before = process.cpuUsage()
  for (const request of requests) {
    runner.answer(request)
    sessions += request.run?.length ?? 0
  }
  const { user, system } = process.cpuUsage(before)
  return { sessions, seconds: (user + system) / 1e6 }
}
