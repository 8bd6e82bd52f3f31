/**
 * A server as a process of its own: it can be stopped, killed and started again.
 *
 * @module
 */
import { spawn } from 'node:child_process'
import dgram from 'node:dgram'
import { once } from 'node:events'
import net from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { Unsupported } from '../adapters/adapter.mjs'
import { StepError } from './step-error.mjs'

/** @typedef {import('./part.mjs').Actor} Actor */

const UP = 30_000 // milliseconds in which a server must listen
const DOWN = 10_000 // milliseconds in which it must end when it is told to

/**
 * A port at which nobody listens, below those that systems give to connections and to whoever asks for any.
 *
 * A server takes a while until it listens, and another one that was given the same port would be taken for it. So the
 * UDP port of the same number, which nothing here speaks on, is held as long as the port is in use: all runners do so.
 *
 * @return {Promise<{number: number, free: () => void}>}
 */
export const takePort = async () => {
  for (;;) {
    const number = 20_000 + Math.floor(Math.random() * 12_000)
    const lease = dgram.createSocket('udp4')
    lease.bind(number, '127.0.0.1')
    const held = await once(lease, 'listening').then(() => true, () => false)
    const server = held ? net.createServer().listen(number, '127.0.0.1') : null
    const free = server !== null && await once(server, 'listening').then(() => true, () => false)
    if (!free) {
      lease.close()
      continue
    }
    server.close()
    await once(server, 'close')
    lease.unref()
    return { number, free: () => { lease.close() } }
  }
}

/** @param {number} port */
const listens = port => new Promise(resolve => {
  const socket = net.connect(port, '127.0.0.1', () => { socket.destroy(); resolve(true) })
  socket.on('error', () => resolve(false))
})

/**
 * The role of a server: `start` (its other keys are options of the server), `stop` (SIGTERM), `crash` (SIGKILL), `alive`.
 *
 * @implements {Actor}
 */
export class ServerActor {
  /**
   * @param {(port: number, options: any) => {argv: string[], env: Record<string, string>}} command of the server, for Node
   * @param {string} home
   */
  constructor (command, home) {
    this.command = command
    this.home = home
    /** @type {import('node:child_process').ChildProcess | null} */
    this.child = null
    /** @type {{number: number, free: () => void} | null} */
    this.port = null
  }

  /** @param {import('./part.mjs').Step} step */
  async perform (step) {
    switch (step.op) {
      case 'start': return this.start(step)
      case 'stop': return this.end('SIGTERM')
      case 'crash': return this.end('SIGKILL')
      case 'alive': return this.running
      default: throw new Unsupported(step.op)
    }
  }

  /** @param {any} options */
  async start (options) {
    if (this.running) throw new StepError('refused', 'the server runs already')
    const taken = await takePort()
    this.port?.free()
    this.port = taken
    const port = taken.number
    const { argv, env } = this.command(port, options)
    const child = spawn(process.execPath, argv, { cwd: this.home, env: { ...process.env, ...env }, stdio: ['ignore', 2, 2] })
    this.child = child
    for (const end = Date.now() + UP; !await listens(port); await sleep(20)) {
      if (!this.running) throw new StepError('refused', `the server ended with ${child.exitCode} before it listened`)
      if (Date.now() > end) throw new StepError('refused', `the server did not listen at ${port} within ${UP / 1000} s`)
    }
    return { port }
  }

  get running () {
    return this.child !== null && this.child.exitCode === null && this.child.signalCode === null
  }

  /**
   * @param {NodeJS.Signals} signal
   * @return {Promise<boolean>} false when it had to be killed
   */
  async end (signal) {
    const child = this.child
    if (child === null || !this.running) return true
    const ended = once(child, 'exit')
    child.kill(signal)
    if (await Promise.race([ended.then(() => true), sleep(DOWN, false)])) return true
    child.kill('SIGKILL')
    await ended
    return false
  }

  async close () {
    await this.end('SIGKILL')
    this.port?.free()
    this.port = null
  }
}
