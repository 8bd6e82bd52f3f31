/**
 * Blocking reads and writes. In Node they cost less than stream events, and a runner has nothing else to do.
 *
 * @module
 */
import fs from 'node:fs'

const newline = 0x0a
const sleeper = new Int32Array(new SharedArrayBuffer(4))

/** A descriptor in non-blocking mode answers EAGAIN when it has nothing to give or no room. */
const pause = () => { Atomics.wait(sleeper, 0, 0, 1) }

/**
 * @param {unknown} error
 * @param {string} code
 */
const hasCode = (error, code) => error instanceof Error && 'code' in error && error.code === code

/**
 * @param {number} fd
 * @param {Uint8Array} buffer
 * @param {number} offset
 * @return {number} bytes read, 0 at the end
 */
const read = (fd, buffer, offset) => {
  for (;;) {
    try {
      return fs.readSync(fd, buffer, offset, buffer.length - offset, null)
    } catch (error) {
      if (hasCode(error, 'EOF')) return 0
      if (!hasCode(error, 'EAGAIN')) throw error
      pause()
    }
  }
}

/**
 * @param {number} fd
 * @param {string} text
 */
export const write = (fd, text) => {
  const bytes = Buffer.from(text)
  for (let offset = 0; offset < bytes.length;) {
    try {
      offset += fs.writeSync(fd, bytes, offset)
    } catch (error) {
      if (!hasCode(error, 'EAGAIN')) throw error
      pause()
    }
  }
}

/**
 * The lines of a descriptor, without their newline.
 *
 * @param {number} fd
 * @return {Generator<string>}
 */
export function * lines (fd) {
  let buffer = Buffer.allocUnsafe(1 << 18)
  let filled = 0
  for (;;) {
    if (filled === buffer.length) {
      const bigger = Buffer.allocUnsafe(buffer.length * 2)
      buffer.copy(bigger)
      buffer = bigger
    }
    const count = read(fd, buffer, filled)
    if (count === 0) break
    let start = 0
    let end = buffer.subarray(0, filled + count).indexOf(newline, filled)
    filled += count
    while (end !== -1) {
      yield buffer.toString('utf8', start, end)
      start = end + 1
      end = buffer.subarray(0, filled).indexOf(newline, start)
    }
    if (start > 0) {
      buffer.copy(buffer, 0, start, filled)
      filled -= start
    }
  }
  if (filled > 0) yield buffer.toString('utf8', 0, filled)
}
