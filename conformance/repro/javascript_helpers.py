"""The functions that programs in JavaScript call."""

from __future__ import annotations

FUNCTIONS = {
    "compare": """\
const compare = (what, observed, expected) => {
  const show = value => inspect(value, { depth: null })
  console.log(`${what}\\n  expected ${show(expected)}\\n  observed ${show(observed)}`)
  if (!isDeepStrictEqual(observed, expected)) process.exitCode = 1
}""",
    "outcome": """\
const outcome = body => {
  try { body(); return 'done' } catch (error) { console.log(String(error)); return 'refused' }
}""",
    "guids": "const guids = docs => Array.from(docs, doc => doc.guid).sort()",
    "bytes": "const bytes = base64 => new Uint8Array(Buffer.from(base64, 'base64'))",
    "base64": "const base64 = bytes => Buffer.from(bytes).toString('base64')",
    "emitted": """\
const emitted = (doc, event, body) => {
  const updates = []
  const listener = update => { updates.push(update) }
  doc.on(event, listener)
  doc.transact(body)
  doc.off(event, listener)
  return updates.length > 1 ? (event === 'update' ? Y.mergeUpdates : Y.mergeUpdatesV2)(updates) : updates[0]
}""",
    "numbers": """\
const numbers = state => { // what a state vector holds: client id -> next clock
  let place = 0
  const read = () => {
    let number = 0
    let factor = 1
    for (;; factor *= 128) {
      const byte = state[place++]
      number += (byte & 127) * factor
      if (byte < 128) return number
    }
  }
  return Object.fromEntries(Array.from({ length: read() }, () => [read(), read()]))
}""",
}
"""Name -> source."""
