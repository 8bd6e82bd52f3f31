import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import v8 from 'node:v8'
import vm from 'node:vm'
import { loadAdapter } from '../src/adapters/index.mjs' // before ywasm, which takes its globals as it is loaded
import ywasm from 'ywasm'
import { Runner } from '../src/protocol.mjs'

/** WebAssembly memory never shrinks: it shows the most that was ever held. */
const held = () => /** @type {any} */ (ywasm).__wasm.memory.buffer.byteLength

test('ywasm: what a session makes is freed at its end', async () => {
  const runner = new Runner(await loadAdapter('ywasm'))
  const nested = { $map: { t: { $text: [{ insert: 'x', attributes: { b: true } }] } } }
  const node = { $element: 'p', attributes: { k: 'v' }, children: [{ $xmltext: 'x' }] }
  const steps = [
    { op: 'text.insert', path: ['t'], index: 0, text: 'hello', as: 'u' },
    { op: 'map.set', path: ['m'], key: 'k', value: nested },
    { op: 'map.set', path: ['m', 'k'], key: 'n', value: 1 },
    { op: 'xml.insert', path: ['x'], index: 0, nodes: [node, node] },
    { op: 'xml.set', path: ['x', 1], name: 'k', value: 'w' },
    { op: 'observe', path: ['t'] },
    { op: 'observe', path: ['m'], deep: true },
    { op: 'observe', path: ['x', 1], deep: true },
    { op: 'subdocs.observe' },
    { op: 'map.set', path: ['m'], key: 'k', value: nested },
    { op: 'map.set', path: ['m'], key: 'd', value: { $doc: 'g' } },
    { op: 'text.insert', path: ['t'], index: 0, text: 'in', doc: ['m', 'd'] },
    { op: 'map.delete', path: ['m'], key: 'd' },
    { op: 'xml.insert', path: ['x', 1], index: 0, nodes: [node] },
    { op: 'snapshot', as: 'snapshot' },
    { op: 'snapshot.equal', snapshots: ['snapshot', 'snapshot'] },
    { op: 'position', path: ['t'], index: 1, as: 'position' },
    { op: 'position.resolve', position: 'position' },
    { op: 'undo.track', paths: [['t']], origins: ['o'] },
    { op: 'text.delete', path: ['t'], index: 0, length: 1 },
    { op: 'undo' },
    { op: 'encode', as: 'e' },
    { op: 'apply', update: 'e' },
    { op: 'apply', update: { base64: 'AQID' } },
    { op: 'pending', as: 'p' },
    { op: 'events', as: 'events' },
    { op: 'state', as: 's' }
  ].map(step => ({ ...step, peer: 'a' }))
  const session = { session: 1, roots: { t: 'text', m: 'map', x: 'xml' }, peers: { a: { client: 1 } }, steps, end: true }
  const play = (/** @type {number} */ times) => {
    for (let i = 0; i < times; i++) assert.equal(runner.run(session).length, steps.length)
  }
  play(500)
  const before = held()
  play(5000)
  assert.equal(held(), before)
})

test('ywasm: what a panic left borrowed is collected, and no case hears of it', async () => {
  v8.setFlagsFromString('--expose-gc')
  const collect = vm.runInNewContext('gc')
  const runner = new Runner(await loadAdapter('ywasm'))
  const steps = [{ op: 'array.insert', peer: 'a', path: ['l'], index: 1, values: [1] }]
  const breaks = { session: 1, roots: { l: 'array' }, peers: { a: { client: 1 } }, steps, end: true }
  for (let i = 0; i < 5; i++) {
    assert.equal(/** @type {any} */ (runner.answer({ seq: i, run: [breaks] })).renewed, true)
    collect()
    await pause(20)
  }
})
