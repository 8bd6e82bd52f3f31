import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { takePort } from '../src/scenario/child.mjs'

test('a port that is taken is given to nobody else until it is free', async () => {
  const two = [await takePort(), await takePort()]
  for (const port of two) port.free()
  const [first, second] = two.map(({ number }) => (number - 20_000 + 0.5) / 12_000)
  const drawn = [first, first, second, first]
  mock.method(Math, 'random', () => drawn.shift())
  const one = await takePort()
  const other = await takePort()
  assert.deepEqual([one.number, other.number], two.map(({ number }) => number))
  one.free()
  const again = await takePort()
  assert.equal(again.number, one.number)
  other.free()
  again.free()
  mock.restoreAll()
})
