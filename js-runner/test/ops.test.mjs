import assert from 'node:assert/strict'
import { test } from 'node:test'
import { play, talk } from './process.mjs'

const roots = { t: 'text', m: 'map', l: 'array', x: 'xml' }
const peers = { a: { client: 1, gc: false }, b: { client: 2 } }

/**
 * What the steps observed; null for nothing.
 *
 * @param {string} impl
 * @param {object[]} steps of the peer a, where they name none
 * @return {any[]}
 */
const observed = (impl, steps) => play(impl, { roots, peers, steps: steps.map(step => ({ peer: 'a', ...step })) })
  .map(answer => answer === null || !('ok' in answer) ? answer : answer.ok)

const insert = (/** @type {string} */ text, more = {}) => ({ op: 'text.insert', path: ['t'], index: 0, text, ...more })
const set = (/** @type {any} */ value) => ({ op: 'map.set', path: ['m'], key: 'k', value })

for (const impl of ['yjs', 'yjs14', 'ywasm']) {
  test(`${impl}: a snapshot brings back the document as it was`, () => {
    const steps = [insert('abc'), { op: 'snapshot', as: 's' }, { op: 'text.delete', path: ['t'], index: 0, length: 2 },
      { op: 'snapshot.restore', snapshot: 's', as: 'u' }, { op: 'apply', peer: 'b', update: 'u' }, { op: 'state', peer: 'b' },
      { op: 'snapshot', as: 'later' }, { op: 'snapshot.equal', snapshots: ['s', 's'] }, { op: 'snapshot.equal', snapshots: ['s', 'later'] }]
    const answers = observed(impl, steps)
    assert.equal(answers[5].t.$text, 'abc')
    assert.deepEqual(answers.slice(7), [true, false])
  })

  test(`${impl}: a position moves with its text`, () => {
    const steps = [insert('abc'), { op: 'position', path: ['t'], index: 1, as: 'p' }, insert('xy'), { op: 'position.resolve', position: 'p' }]
    assert.equal(observed(impl, steps)[3], 3)
  })

  test(`${impl}: an undo manager takes back what has its origin`, () => {
    const steps = [{ op: 'undo.track', paths: [['t']], origins: ['o'], timeout: 60000 }, { op: 'undo.track', paths: [['t']], manager: 'second' },
      insert('a'), insert('b', { origin: 'o' }), insert('c', { origin: 'o' }), { op: 'undo.stop' }, insert('d', { origin: 'o' }),
      { op: 'undo' }, { op: 'undo' }, { op: 'undo' }, { op: 'undo.can' }, { op: 'undo.can', manager: 'second' }, { op: 'undo.clear' }, { op: 'undo.can' }]
    assert.deepEqual(observed(impl, steps).slice(7), [true, true, false, [false, true], [true, false], null, [false, false]])
  })

  test(`${impl}: events tell what changed, by transaction`, () => {
    const steps = [{ op: 'observe', path: ['t'] }, { op: 'observe', path: ['x'], deep: true }, { op: 'observe', path: ['m'] },
      { op: 'transact', steps: [insert('bc'), insert('a', { attributes: { i: 1 } }), set(1)].map(step => ({ peer: 'a', ...step })) }, set({ $number: 'NaN' }),
      { op: 'xml.insert', path: ['x'], index: 0, nodes: [{ $element: 'p' }] }, { op: 'xml.insert', path: ['x'], index: 0, nodes: [{ $element: 'q' }] },
      { op: 'xml.set', path: ['x', 1], name: 'k', value: 'v' }, { op: 'events' }, { op: 'events' }]
    assert.deepEqual(observed(impl, steps).slice(8), [[
      [{ path: ['m'], keys: { k: { action: 'add', new: 1 } } }, { path: ['t'], delta: [{ insert: 'a', attributes: { i: 1 } }, { insert: 'bc' }] }],
      [{ path: ['m'], keys: { k: { action: 'update', old: 1, new: { $number: 'NaN' } } } }],
      [{ path: ['x'], delta: [{ insert: [{ $element: 'p' }] }] }],
      [{ path: ['x'], delta: [{ insert: [{ $element: 'q' }] }] }],
      [{ path: ['x', 1], keys: { k: { action: 'add', new: 'v' } } }]
    ], []])
  })

  test(`${impl}: an observed type that moved tells its place of now`, () => {
    const steps = [{ op: 'xml.insert', path: ['x'], index: 0, nodes: [{ $element: 'p' }] }, { op: 'observe', path: ['x', 0] },
      { op: 'xml.insert', path: ['x'], index: 0, nodes: [{ $element: 'q' }] }, { op: 'xml.insert', path: ['x', 1], index: 0, nodes: [{ $element: 'r' }] }, { op: 'events' }]
    assert.deepEqual(observed(impl, steps)[4], [[{ path: ['x', 1], delta: [{ insert: [{ $element: 'r' }] }] }]])
  })

  test(`${impl}: a subdocument performs steps of its own`, () => {
    const doc = ['m', 'k']
    const steps = [{ op: 'subdocs.observe', peer: 'b' }, set({ $doc: 'g' }), insert('in', { doc, as: 'u' }), { op: 'encode', as: 'e' }, { op: 'apply', peer: 'b', update: 'e' },
      { op: 'apply', peer: 'b', doc, update: 'u' }, { op: 'state', peer: 'b', doc }, { op: 'state_vector', peer: 'b', doc }, { op: 'subdocs', peer: 'b' }, { op: 'subdocs.events', peer: 'b' }]
    const answers = observed(impl, steps)
    assert.equal(answers[6].t.$text, 'in')
    assert.deepEqual(answers.slice(7), ['AQEC', ['g'], [{ added: ['g'], removed: [], loaded: [] }, { added: [], removed: [], loaded: ['g'] }]])
  })

  test(`${impl}: a path that leads to no subdocument is refused`, () => {
    assert.equal(observed(impl, [insert('x', { doc: ['m', 'k'] })])[0].error.kind, 'refused')
  })
}

for (const impl of ['yjs', 'yjs14']) {
  test(`${impl}: a delta is one local op`, () => {
    const delta = [{ insert: 'a', attributes: { b: true } }, { insert: { $embed: { i: 1 } } }, { insert: 'c' }]
    const steps = [{ op: 'text.delta', path: ['t'], delta }, { op: 'text.delta', path: ['t'], delta: [{ retain: 1, attributes: { b: null } }, { delete: 1 }] }, { op: 'state' }]
    assert.equal(observed(impl, steps)[2].t.$text, 'ac')
  })

  test(`${impl}: who is silent for 30 s is removed, on the clock of the peer`, () => {
    const steps = [{ op: 'awareness.set', state: { n: 1 } }, { op: 'awareness.encode', as: 'u' }, { op: 'awareness.apply', peer: 'b', update: 'u' },
      { op: 'awareness.advance', peer: 'b', milliseconds: 29999 }, { op: 'awareness.states', peer: 'b' },
      { op: 'awareness.advance', peer: 'b', milliseconds: 1 }, { op: 'awareness.states', peer: 'b' }, { op: 'awareness.states' }]
    assert.deepEqual(observed(impl, steps).slice(4), [{ 1: { n: 1 }, 2: {} }, null, { 2: {} }, { 1: { n: 1 } }])
  })

  test(`${impl}: two peers synchronize by messages`, () => {
    const steps = [insert('x'), { op: 'sync.step1', peer: 'b', as: 'question' }, { op: 'sync.read', message: 'question', as: 'answer' },
      { op: 'sync.read', peer: 'b', message: 'answer' }, { op: 'state', peer: 'b' }, { op: 'sync.read', message: { base64: 'AgEJ' } }]
    const answers = observed(impl, steps)
    assert.equal(answers[3], null)
    assert.equal(answers[4].t.$text, 'x')
    assert.equal(answers[5].error.kind, 'refused')
  })
}

test('ywasm has no awareness and no sync messages', () => {
  const [{ hello }] = talk('ywasm', [{ seq: 0, hello: { protocol: 1 } }])
  assert.deepEqual(hello.features.filter((/** @type {string} */ feature) => /^(awareness|sync)/.test(feature)), [])
})
