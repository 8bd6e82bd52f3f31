/**
 * Clocks that stand still until they are told to advance. Libraries keep `Date.now` as they are loaded, so this module
 * is loaded before any of them.
 *
 * @module
 */

const { now } = Date
const { setInterval: realInterval } = globalThis

/** @type {Clock | undefined} the clock that is read at the moment */
let current

Date.now = () => current === undefined ? now() : current.now
globalThis.setInterval = /** @type {any} */ ((/** @type {any} */ callback, /** @type {number} */ period, /** @type {any[]} */ ...args) =>
  current === undefined ? realInterval(callback, period, ...args) : current.hold(() => callback(...args), period))

/** A time, and the intervals that were begun in it. */
export class Clock {
  constructor () {
    this.now = 1e12
    /** @type {{due: number, period: number, callback: () => void}[]} */
    this.timers = []
  }

  /**
   * @template T
   * @param {() => T} body reads this clock
   * @return {T}
   */
  within (body) {
    const outer = current
    current = this
    try {
      return body()
    } finally {
      current = outer
    }
  }

  /**
   * @param {() => void} callback
   * @param {number} period
   */
  hold (callback, period) {
    const timer = { due: this.now + period, period, callback }
    this.timers.push(timer)
    return timer
  }

  /** @param {number} milliseconds */
  advance (milliseconds) {
    const end = this.now + milliseconds
    this.within(() => {
      for (let timer = this.#next(); timer !== undefined && timer.due <= end; timer = this.#next()) {
        this.now = timer.due
        timer.due += timer.period
        timer.callback()
      }
      this.now = end
    })
  }

  #next () {
    return this.timers.reduce((/** @type {Clock['timers'][0] | undefined} */ first, timer) => first !== undefined && first.due <= timer.due ? first : timer, undefined)
  }
}
