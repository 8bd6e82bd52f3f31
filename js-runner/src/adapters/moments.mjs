/**
 * Snapshots and relative positions of Yjs.
 *
 * @module
 */
import { Unsupported } from './adapter.mjs'

/** @typedef {import('./adapter.mjs').Adapter} Adapter */

/**
 * Feature -> the exported functions that it needs.
 *
 * @type {Readonly<Record<string, string[]>>}
 */
const functions = Object.freeze({
  snapshot: ['snapshot', 'encodeSnapshot'],
  'snapshot.v2': ['snapshot', 'encodeSnapshotV2'],
  'snapshot.restore': ['createDocFromSnapshot', 'decodeSnapshot'],
  'snapshot.restore.v2': ['createDocFromSnapshot', 'decodeSnapshotV2', 'encodeStateAsUpdateV2'],
  'snapshot.equal': ['equalSnapshots', 'decodeSnapshot'],
  'snapshot.equal.v2': ['equalSnapshots', 'decodeSnapshotV2'],
  'snapshot.contains': ['snapshotContainsUpdate', 'decodeSnapshot'],
  'snapshot.contains.v2': ['snapshotContainsUpdateV2', 'decodeSnapshotV2'],
  position: ['createRelativePositionFromTypeIndex', 'encodeRelativePosition'],
  'position.resolve': ['createAbsolutePositionFromRelativePosition', 'decodeRelativePosition'],
  'position.json': ['relativePositionToJSON', 'decodeRelativePosition'],
  'position.parse': ['createRelativePositionFromJSON', 'encodeRelativePosition']
})

/**
 * @param {any} Y
 * @return {string[]}
 */
export const momentFeatures = Y => Object.entries(functions)
  .filter(([, names]) => names.every(name => typeof Y[name] === 'function')).map(([feature]) => feature)

/**
 * @param {any} Y
 * @return {Pick<Adapter, 'snapshot' | 'restore' | 'equalSnapshots' | 'snapshotContains' | 'position' | 'resolvePosition' | 'positionToJson' | 'positionFromJson'>}
 */
export const moments = Y => {
  /**
   * @param {Uint8Array} snapshot
   * @param {string} format
   */
  const decoded = (snapshot, format) => (format === 'v2' ? Y.decodeSnapshotV2 : Y.decodeSnapshot)(snapshot)
  return {
    snapshot: (doc, format) => (format === 'v2' ? Y.encodeSnapshotV2 : Y.encodeSnapshot)(Y.snapshot(doc)),
    restore: (doc, snapshot, format) =>
      (format === 'v2' ? Y.encodeStateAsUpdateV2 : Y.encodeStateAsUpdate)(Y.createDocFromSnapshot(doc, decoded(snapshot, format))),
    equalSnapshots: (a, b, format) => Y.equalSnapshots(decoded(a, format), decoded(b, format)),
    snapshotContains: (snapshot, update, format) =>
      (format === 'v2' ? Y.snapshotContainsUpdateV2 : Y.snapshotContainsUpdate)(decoded(snapshot, format), update),
    position: (_, target, index, assoc) => {
      const position = Y.createRelativePositionFromTypeIndex(target, index, assoc)
      // Positions stick to their right in versions that know no other side.
      if (assoc !== 0 && position.assoc === undefined) throw new Unsupported('position.assoc')
      return Y.encodeRelativePosition(position)
    },
    resolvePosition: (doc, position) => Y.createAbsolutePositionFromRelativePosition(Y.decodeRelativePosition(position), doc)?.index ?? null,
    positionToJson: position => Y.relativePositionToJSON(Y.decodeRelativePosition(position)),
    positionFromJson: json => Y.encodeRelativePosition(Y.createRelativePositionFromJSON(json))
  }
}
