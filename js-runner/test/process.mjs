/**
 * The runner as a process, as the coordinator sees it.
 *
 * @module
 */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export const main = fileURLToPath(new URL('../src/main.mjs', import.meta.url))
export const repository = fileURLToPath(new URL('../../', import.meta.url))

/**
 * @param {string[]} args
 * @param {string} [input]
 * @return {{status: number | null, stdout: string, stderr: string}}
 */
export const runner = (args, input = '') =>
  spawnSync(process.execPath, [main, ...args], { input, encoding: 'utf8', maxBuffer: 1 << 28 })

/**
 * @param {string} impl
 * @param {object[]} requests
 * @return {any[]} the answers
 */
export const talk = (impl, requests) => {
  const { status, stdout, stderr } = runner(['--impl', impl], requests.map(request => JSON.stringify(request) + '\n').join(''))
  if (status !== 0) throw new Error(`exit ${status}: ${stderr}`)
  return stdout.trimEnd().split('\n').map(line => JSON.parse(line))
}

/**
 * One session in one request.
 *
 * @param {string} impl
 * @param {{roots?: object, peers?: object, steps: object[]}} session
 * @return {any[]} the answers of its steps, null for each that observed nothing
 */
export const play = (impl, session) => {
  const [{ run }] = talk(impl, [{ seq: 0, run: [{ session: 1, roots: { t: 'text' }, peers: { a: { client: 1 } }, end: true, ...session }] }])
  return run[0].answers.flatMap((/** @type {any} */ answer) => typeof answer === 'number' ? Array(answer).fill(null) : [answer])
}
