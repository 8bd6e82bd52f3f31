import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { takePort } from '../src/scenario/child.mjs'

test('a port that is taken is given to nobody else until it is free', async () => {
  const drawn = [0.25, 0.25, 0.5, 0.25]
  mock.method(Math, 'random', () => drawn.shift())
  const one = await takePort()
  const other = await takePort()
  assert.notEqual(one.number, other.number)
  one.free()
  const again = await takePort()
  assert.equal(again.number, one.number)
  other.free()
  again.free()
  mock.restoreAll()
})
