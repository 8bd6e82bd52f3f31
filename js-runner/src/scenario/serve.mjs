/**
 * The line protocol for parts: one request at a time, on an event loop that goes on between requests.
 *
 * @module
 */
import { createInterface } from 'node:readline'
import { Unsupported, describe } from '../adapters/adapter.mjs'
import { hello } from '../protocol.mjs'
import { toBase64 } from '../values.mjs'
import { StepError } from './step-error.mjs'

/** @typedef {import('./part.mjs').Actor} Actor */
/** @typedef {import('./part.mjs').Part} Part */

/**
 * Answers every request until standard input ends; then everything that was begun is let go.
 *
 * @param {Part} part
 */
export const serve = async part => {
  /** @type {Map<number, Actor>} */
  const actors = new Map()
  try {
    for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
      if (line === '') continue
      const request = JSON.parse(line)
      const { seq } = request
      const answer = request.hello === undefined ? { seq, run: await runAll(part, actors, request.run) } : { seq, hello: hello(part) }
      process.stdout.write(JSON.stringify(answer) + '\n')
    }
  } finally {
    for (const actor of actors.values()) await actor.close()
  }
}

/**
 * @param {Part} part
 * @param {Map<number, Actor>} actors
 * @param {any[]} wanted sessions; each has one participant
 */
const runAll = async (part, actors, wanted) => {
  const run = []
  for (const session of wanted) {
    const answers = []
    for (const step of session.steps) answers.push(await answer(part, actors, session, step))
    if (session.end) {
      await actors.get(session.session)?.close()
      actors.delete(session.session)
    }
    run.push({ session: session.session, answers })
  }
  return run
}

/**
 * @param {Part} part
 * @param {Map<number, Actor>} actors
 * @param {any} session
 * @param {import('./part.mjs').Step} step
 */
const answer = async (part, actors, session, step) => {
  try {
    if (!part.features.has(step.op)) throw new Unsupported(step.op)
    let actor = actors.get(session.session)
    if (actor === undefined) {
      const [[role, options]] = Object.entries(session.peers)
      actor = part.begin(role, session.roots ?? {}, /** @type {any} */ (options))
      actors.set(session.session, actor)
    }
    const value = await actor.perform(step)
    return { ok: value instanceof Uint8Array ? toBase64(value) : value ?? null }
  } catch (error) {
    if (error instanceof Unsupported) return { unsupported: error.feature }
    return { error: { kind: kindOf(error), message: describe(error) } }
  }
}

/**
 * What a browser did not do in time says nothing about right and wrong.
 *
 * @param {unknown} error
 */
const kindOf = error => {
  if (error instanceof StepError) return error.kind
  return error instanceof Error && error.name === 'TimeoutError' ? 'timeout' : 'refused'
}
