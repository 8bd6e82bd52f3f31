import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stringify } from '../src/protocol.mjs'
import { play, runner, talk } from './process.mjs'

const implementations = ['yjs', 'yjs14', 'ywasm']
const insert = (/** @type {number} */ index, /** @type {string} */ text) => ({ op: 'text.insert', peer: 'a', path: ['t'], index, text })
const state = { op: 'state', peer: 'a', as: 's' }

for (const impl of implementations) {
  test(`${impl}: hello tells name, version and features`, () => {
    const [{ seq, hello }] = talk(impl, [{ seq: 3, hello: { protocol: 1 } }])
    assert.equal(seq, 3)
    assert.equal(hello.protocol, 1)
    assert.equal(hello.name, impl)
    assert.match(hello.version, /^\d+\.\d+\.\d+/)
    for (const feature of ['apply', 'apply.v2', 'encode', 'state', 'text.insert', 'root.text', 'emit', 'gc.off']) assert.ok(hello.features.includes(feature), feature)
  })

  test(`${impl}: a session in one request`, () => {
    assert.deepEqual(play(impl, { steps: [{ ...insert(0, 'hi'), as: 'u' }, state] }), [{ ok: 'AQEBAAQBAXQCaGkA' }, { ok: { t: { $text: 'hi' } } }])
  })

  test(`${impl}: a transaction that changes nothing emits nothing, and fills no slot`, () => {
    const steps = [{ op: 'text.delete', peer: 'a', path: ['t'], index: 0, length: 0, as: 'u' }, { op: 'apply', peer: 'a', update: 'u' }]
    const [nothing, slot] = play(impl, { steps })
    assert.equal(nothing, null)
    assert.equal(slot.error.kind, 'slot')
  })

  test(`${impl}: an unknown op is unsupported and ends the session`, () => {
    assert.deepEqual(play(impl, { steps: [{ op: 'text.sing', peer: 'a' }, state] }), [{ unsupported: 'text.sing' }])
  })

  test(`${impl}: a slot that nothing filled is an error, and the session goes on`, () => {
    const [slot, next] = play(impl, { steps: [{ op: 'apply', peer: 'a', update: 'u' }, state] })
    assert.equal(slot.error.kind, 'slot')
    assert.deepEqual(next, { ok: { t: { $text: '' } } })
  })

  test(`${impl}: a malformed update is refused, and the session goes on`, () => {
    const [refused, next] = play(impl, { steps: [{ op: 'apply', peer: 'a', update: { base64: 'AQID' } }, state] })
    assert.equal(refused.error.kind, 'refused')
    assert.deepEqual(next, { ok: { t: { $text: '' } } })
  })

  test(`${impl}: a session over two requests keeps its documents and slots`, () => {
    const answers = talk(impl, [
      { seq: 1, run: [{ session: 1, roots: { t: 'text' }, peers: { a: { client: 1 }, b: { client: 2 } }, steps: [insert(0, 'x'), { op: 'encode', peer: 'a', as: 'u' }] }] },
      { seq: 2, run: [{ session: 1, steps: [{ op: 'apply', peer: 'b', update: 'u' }, { ...state, peer: 'b' }], end: true }] },
      { seq: 3, run: [{ session: 1, steps: [state], end: true }] }
    ])
    assert.deepEqual(answers.map(({ seq }) => seq), [1, 2, 3])
    assert.deepEqual(answers[1].run[0].answers, [1, { ok: { t: { $text: 'x' } } }])
    assert.equal(answers[2].run[0].answers[0].error.kind, 'runner')
  })

  test(`${impl}: a part is like another one of its request`, () => {
    const part = { roots: { t: 'text' }, peers: { a: { client: 1 } }, steps: [insert(0, 'x')] }
    const [, { run }] = talk(impl, [
      { seq: 1, run: [{ session: 1, ...part }, { session: 2, like: 0 }] },
      { seq: 2, run: [{ session: 1, steps: [insert(0, 'y'), state], end: true }, { session: 2, steps: [state] }, { session: 3, like: 0 }] }
    ])
    assert.deepEqual(run[0].answers, [1, { ok: { t: { $text: 'yx' } } }])
    assert.deepEqual(run[1], { session: 2, answers: [{ ok: { t: { $text: 'x' } } }] })
    assert.equal(run[2].answers[0].error.kind, 'runner')
  })

  test(`${impl}: steps in a row that observe nothing are told as their number`, () => {
    const [{ run }] = talk(impl, [{ seq: 1, run: [{ session: 1, roots: { t: 'text' }, peers: { a: { client: 1 } }, steps: [insert(0, 'x'), insert(0, 'y'), state, insert(0, 'z')], end: true }] }])
    assert.deepEqual(run[0].answers, [2, { ok: { t: { $text: 'yx' } } }, 1])
  })

  test(`${impl}: a session that ended early answers nothing more`, () => {
    const answers = talk(impl, [
      { seq: 1, run: [{ session: 1, roots: { t: 'text' }, peers: { a: { client: 1 } }, steps: [{ op: 'sing', peer: 'a' }] }] },
      { seq: 2, run: [{ session: 1, steps: [state], end: true }] }
    ])
    assert.deepEqual(answers[1].run, [{ session: 1, answers: [] }])
  })

  test(`${impl}: lines of several megabytes both ways`, () => {
    const text = 'ä'.repeat(3_000_000)
    assert.equal(play(impl, { steps: [insert(0, text), state] })[1].ok.t.$text, text)
  })

  test(`${impl}: undo takes back one transaction at a time`, () => {
    const steps = [{ op: 'undo.track', peer: 'a', paths: [['t']] }, insert(0, 'x'), insert(1, 'y'), { op: 'undo', peer: 'a' }, state,
      { op: 'redo', peer: 'a' }, { op: 'undo', peer: 'a' }, { op: 'undo', peer: 'a' }, { op: 'undo', peer: 'a' }]
    const seen = play(impl, { steps }).map(answer => answer?.ok ?? null)
    assert.deepEqual(seen, [null, null, null, true, { t: { $text: 'x' } }, true, true, true, false])
  })

  test(`${impl}: an update that waits for another is pending`, () => {
    const steps = [{ op: 'apply', peer: 'a', update: { base64: 'AQEHAYQHAAFiAA==' } }, { op: 'pending', peer: 'a', as: 'p' }]
    assert.deepEqual(play(impl, { steps }), [null, { ok: true }])
  })

  test(`${impl}: values that JSON has no words for come back`, () => {
    const value = [{ $undefined: true }, { $number: 'NaN' }, { $number: '-Infinity' }, { $object: { $a: 1 } }, 1.5, null, true, 'x', { k: [] }]
    const steps = [{ op: 'array.insert', peer: 'a', path: ['l'], index: 0, values: [value] }, state]
    assert.deepEqual(play(impl, { roots: { l: 'array' }, steps })[1], { ok: { l: { $array: [value] } } })
  })
}

test('ywasm: a panic ends the session, and all that are open; the process goes on with another copy of the library', () => {
  // An astral character, cut in the middle by a remote insert.
  const split = { base64: 'AgEBAAQBAXQE8J+YgAECAMQBAAEBAVgA' }
  const peers = { roots: { t: 'text' }, peers: { a: { client: 1 } } }
  const breaks = (/** @type {number} */ number) => ({ session: number, ...peers, steps: [{ op: 'apply', peer: 'a', update: split }, state], end: true })
  const [open, answer, lost, after] = talk('ywasm', [
    { seq: 0, run: [{ session: 1, ...peers, steps: [insert(0, 'x')] }] },
    { seq: 1, run: [breaks(2), breaks(3)] },
    { seq: 2, run: [{ session: 1, steps: [state], end: true }, { session: 4, ...peers, steps: [insert(0, 'y'), state], end: true }] },
    { seq: 3, run: [breaks(5)] }
  ])
  assert.equal(open.renewed, undefined)
  assert.equal(answer.renewed, true)
  assert.equal(answer.run.length, 1)
  assert.equal(answer.run[0].answers.length, 1)
  assert.equal(answer.run[0].answers[0].error.kind, 'panic')
  assert.equal(lost.run[0].answers[0].error.kind, 'runner')
  assert.deepEqual(lost.run[1].answers, [1, { ok: { t: { $text: 'y' } } }])
  assert.equal(after.renewed, true)
})

test('an answer that has no JSON is the fault of its own session', () => {
  const good = { session: 1, answers: [{ ok: 'x' }] }
  const told = JSON.parse(stringify({ seq: 3, run: [good, { session: 2, answers: [{ ok: 1n }] }] }))
  assert.deepEqual(told.run[0], good)
  assert.equal(told.run[1].session, 2)
  assert.equal(told.run[1].answers[0].error.kind, 'runner')
  assert.equal(told.restart, undefined)
})

test('an implementation that nobody knows is bad usage', () => {
  assert.equal(runner(['--impl', 'zjs']).status, 2)
})

test('a library that cannot be loaded', () => {
  assert.equal(runner(['--impl', 'yjs', '--module', '/nonexistent']).status, 3)
})
