/**
 * Snapshots and relative positions of Ywasm, which calls them sticky indexes.
 *
 * @module
 */
import { encode } from '../values.mjs'
import { Malformed, lacks } from './adapter.mjs'

/** @typedef {import('./adapter.mjs').Adapter} Adapter */

/**
 * Feature -> the exported functions that it needs.
 *
 * @type {Readonly<Record<string, string[]>>}
 */
const functions = Object.freeze({
  snapshot: ['snapshot', 'encodeSnapshotV1'],
  'snapshot.v2': ['snapshot', 'encodeSnapshotV2'],
  'snapshot.restore': ['decodeSnapshotV1', 'encodeStateFromSnapshotV1'],
  'snapshot.restore.v2': ['decodeSnapshotV2', 'encodeStateFromSnapshotV2'],
  'snapshot.equal': ['decodeSnapshotV1', 'equalSnapshots'],
  'snapshot.equal.v2': ['decodeSnapshotV2', 'equalSnapshots'],
  position: ['createStickyIndexFromType', 'encodeStickyIndex'],
  'position.resolve': ['createOffsetFromStickyIndex', 'decodeStickyIndex'],
  'position.json': ['decodeStickyIndex'],
  'position.parse': ['encodeStickyIndex']
})

/**
 * @param {any} Y
 * @return {string[]}
 */
export const momentFeatures = Y => {
  const features = Object.entries(functions).filter(([, names]) => names.every(name => typeof Y[name] === 'function')).map(([feature]) => feature)
  return takesJson(Y) ? features : features.filter(feature => feature !== 'position.json' && feature !== 'position.parse')
}

/**
 * A sticky index is an object with a form of its own, until it is that of Yjs.
 *
 * @param {any} Y
 */
const takesJson = Y => {
  try {
    Y.encodeStickyIndex({ tname: 't', assoc: 0 })
    return true
  } catch {
    return false
  }
}

/**
 * @template T
 * @param {any[]} handles freed after it
 * @param {() => T} body
 * @return {T}
 */
const using = (handles, body) => {
  const result = body()
  for (const handle of handles) handle.free()
  return result
}

/**
 * @param {any} Y
 * @return {Pick<Adapter, 'snapshot' | 'restore' | 'equalSnapshots' | 'snapshotContains' | 'position' | 'resolvePosition' | 'positionToJson' | 'positionFromJson'>}
 */
export const moments = Y => {
  /**
   * @param {Uint8Array} snapshot
   * @param {string} format
   */
  const decoded = (snapshot, format) => (format === 'v2' ? Y.decodeSnapshotV2 : Y.decodeSnapshotV1)(snapshot)
  return {
    snapshot: ({ ydoc }, format) => {
      const snapshot = Y.snapshot(ydoc)
      return using([snapshot], () => (format === 'v2' ? Y.encodeSnapshotV2 : Y.encodeSnapshotV1)(snapshot))
    },
    restore: ({ ydoc }, bytes, format) => {
      const snapshot = decoded(bytes, format)
      return using([snapshot], () => (format === 'v2' ? Y.encodeStateFromSnapshotV2 : Y.encodeStateFromSnapshotV1)(ydoc, snapshot))
    },
    equalSnapshots: (a, b, format) => {
      const snapshots = [decoded(a, format), decoded(b, format)]
      return using(snapshots, () => Y.equalSnapshots(snapshots[0], snapshots[1]))
    },
    snapshotContains: lacks('snapshot.contains'),
    position: (_, target, index, assoc) => {
      const position = Y.createStickyIndexFromType(target, index, assoc)
      if ((position ?? null) === null) throw new Error(`no position at ${index}`)
      return Y.encodeStickyIndex(position)
    },
    resolvePosition: ({ ydoc }, position) => Y.createOffsetFromStickyIndex(Y.decodeStickyIndex(position), ydoc)?.index ?? null,
    // An old one has client ids that are bigints, which JSON has no words for.
    positionToJson: position => encode(Y.decodeStickyIndex(position), shared => { throw new Malformed(`a position holds ${shared}`) }),
    positionFromJson: json => Y.encodeStickyIndex(json)
  }
}
