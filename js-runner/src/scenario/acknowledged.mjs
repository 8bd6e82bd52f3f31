/**
 * What a store has acknowledged: a file that outlives the process which wrote it.
 *
 * @module
 */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'

/** The marks of acknowledged writes, in the order in which they were acknowledged; there may be several logs. */
export class Acknowledged {
  /** @param {string} home */
  constructor (home) {
    /** @param {string} log */
    this.path = log => path.join(home, `acknowledged${log}`)
  }

  /**
   * @param {string} text all marks are forgotten for it
   * @param {string} [log]
   */
  begin (text, log = '') {
    writeFileSync(this.path(log), text)
  }

  /**
   * @param {string} mark
   * @param {string} [log]
   */
  add (mark, log = '') {
    appendFileSync(this.path(log), mark)
  }

  /** @param {string} [log] */
  text (log = '') {
    return existsSync(this.path(log)) ? readFileSync(this.path(log), 'utf8') : ''
  }
}
