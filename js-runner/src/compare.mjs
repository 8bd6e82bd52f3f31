/**
 * Compares what a case showed with what it expects, for a run alone. Between implementations the coordinator judges.
 *
 * @module
 */
import { equalJson, fromBase64, put } from './values.mjs'
import { hasFinale, RELAY } from './vectors.mjs'

/** @typedef {import('./session.mjs').Answer} Answer */
/** @typedef {import('./session.mjs').Step} Step */
/** @typedef {import('./vectors.mjs').Case} Case */
/** @typedef {import('./vectors.mjs').View} View */
/** @typedef {import('./values.mjs').Json} Json */

/**
 * @param {Uint8Array} bytes
 * @return {{uint: () => number, text: () => string}} reads the bytes one after another
 */
const decoder = bytes => {
  let offset = 0
  const uint = () => {
    for (let value = 0, unit = 1; ; unit *= 128) {
      const byte = bytes[offset++]
      if (byte === undefined) throw new Error('bytes that end early')
      value += (byte & 127) * unit
      if (byte < 128) return value
    }
  }
  const text = () => {
    const length = uint()
    offset += length
    return Buffer.from(bytes.subarray(offset - length, offset)).toString('utf8')
  }
  return { uint, text }
}

/**
 * A state vector as it is in an expectation.
 *
 * @param {Uint8Array} bytes
 * @return {Record<string, number>} client id -> next clock
 */
export const decodeStateVector = bytes => {
  const { uint } = decoder(bytes)
  /** @type {Record<string, number>} */
  const vector = {}
  for (let count = uint(); count > 0; count--) {
    const client = uint()
    const clock = uint()
    // An entry of 0 is the same as no entry.
    if (clock > 0) vector[client] = clock
  }
  return vector
}

/**
 * An awareness update as it is in an expectation.
 *
 * @param {Uint8Array} bytes
 * @return {Record<string, {clock: number, state: Json}>} by client id
 */
export const decodeAwareness = bytes => {
  const { uint, text } = decoder(bytes)
  /** @type {Record<string, {clock: number, state: Json}>} */
  const clients = {}
  for (let count = uint(); count > 0; count--) {
    const client = uint()
    clients[client] = { clock: uint(), state: JSON.parse(text()) }
  }
  return clients
}

/**
 * Observations of bytes -> how the bytes are read.
 *
 * @type {Readonly<Record<string, (bytes: Uint8Array) => Json>>}
 */
const decoders = Object.freeze({ state_vector: decodeStateVector, awareness: decodeAwareness })

/**
 * A value as it would look through an API that reports XML attributes as strings, which is all that an adapter here loses.
 *
 * @param {Json} json
 * @param {ReadonlySet<string>} lossy
 * @return {Json}
 */
export const project = (json, lossy) => {
  if (typeof json !== 'object' || json === null || !lossy.has('xml.attributes.any')) return json
  if (Array.isArray(json)) return json.map(item => project(item, lossy))
  const node = '$element' in json || '$xmltext' in json
  /** @type {Record<string, Json>} */
  const projected = {}
  for (const key in json) put(projected, key, node && key === 'attributes' ? asStrings(json[key]) : project(json[key], lossy))
  return projected
}

/** @param {Record<string, Json>} attributes */
const asStrings = attributes => Object.fromEntries(Object.entries(attributes).map(([name, value]) =>
  [name, typeof value === 'object' ? value : String(value)]))

/** A case that was played: its steps, and the answers by position and by name. */
export class Played {
  /**
   * @param {Case} vector
   * @param {Step[]} steps
   * @param {Answer[]} answers
   * @param {readonly string[]} lossy
   */
  constructor (vector, steps, answers, lossy) {
    this.vector = vector
    this.steps = steps
    this.answers = answers
    this.lossy = new Set(lossy)
    /** @type {Map<string, Answer>} */
    this.named = new Map()
    answers.forEach((answer, i) => {
      const name = steps[i].as
      if (name !== undefined) this.named.set(name, answer)
    })
  }

  /** @return {string | undefined} the feature whose lack ended the case */
  unsupported () {
    const last = this.answers[this.answers.length - 1]
    return last !== undefined && 'unsupported' in last ? last.unsupported : undefined
  }

  /**
   * The state to show: of the relay, else the last one that was read.
   *
   * @return {Json}
   */
  state () {
    for (let i = this.answers.length - 1; i >= 0; i--) {
      const answer = this.answers[i]
      if (this.steps[i].op === 'state' && 'ok' in answer) return answer.ok
    }
    return undefined
  }

  /** @return {string[]} what differs, in words; empty when all agrees */
  differences () {
    const { vector } = this
    const differences = this.#steps()
    if (differences.length > 0 || !hasFinale(vector)) return differences
    const alternatives = [vector.expect.converged ?? {}, ...(vector.expect.acceptable ?? []).map(({ converged }) => converged)]
    const tried = alternatives.map(view => this.#views(view))
    return tried.some(list => list.length === 0) ? [] : tried[0]
  }

  /** @return {string[]} */
  #steps () {
    /** @type {string[]} */
    const differences = []
    const observations = this.vector.expect.observations ?? {}
    this.steps.forEach((step, i) => {
      const answer = this.answers[i]
      const expected = step.as === undefined ? undefined : observations[step.as]
      const wanted = expected ?? { done: true }
      if (answer === undefined || this.#meets(answer, wanted)) return
      differences.push(`step ${i} ${step.op}${step.as ? ' ' + step.as : ''}: ${JSON.stringify(seen(answer, wanted))}, not ${JSON.stringify(wanted)}`)
    })
    return differences
  }

  /**
   * @param {Answer} answer
   * @param {any} wanted an observation of the schema
   * @return {boolean}
   */
  #meets (answer, wanted) {
    if (wanted.oneOf !== undefined) return wanted.oneOf.some((/** @type {any} */ one) => this.#meets(answer, one))
    if (wanted.refused) return 'error' in answer && answer.error.kind === 'refused'
    if (!('ok' in answer)) return false
    if (wanted.state !== undefined) return equalJson(project(wanted.state, this.lossy), answer.ok)
    const kind = decodedKind(wanted)
    if (kind !== undefined) return equalJson(wanted[kind], decoders[kind](fromBase64(answer.ok)))
    if (wanted.bytes !== undefined) return wanted.bytes === answer.ok
    if (wanted.value !== undefined) return equalJson(wanted.value, answer.ok)
    return true
  }

  /**
   * @param {View} converged
   * @return {string[]}
   */
  #views (converged) {
    const { peers, expect } = this.vector
    const names = Object.keys(peers)
    const differences = names.flatMap(peer => this.#view(expect.delivered?.[peer] ?? converged, '@' + peer, ''))
    if (names.length > 1) differences.push(...names.flatMap(peer => this.#view(converged, '@' + peer, '2')))
    return [...differences, ...this.#view(converged, RELAY, '')]
  }

  /**
   * @param {View} view
   * @param {string} peer
   * @param {string} round
   * @return {string[]}
   */
  #view (view, peer, round) {
    /** @type {[string, any][]} */
    const wanted = [[`${peer}.state${round}`, { state: view.state }], [`${peer}.sv${round}`, { state_vector: view.state_vector }]]
    return wanted.flatMap(([name, one]) => {
      const answer = this.named.get(name)
      if (answer === undefined || this.#meets(answer, one)) return []
      return [`${name}: ${JSON.stringify(seen(answer, one))}, not ${JSON.stringify(one)}`]
    })
  }
}

/**
 * @param {Answer} answer
 * @param {any} wanted
 * @return {Json} the answer in the terms of the expectation
 */
const seen = (answer, wanted) => {
  if (!('ok' in answer)) return answer
  const kind = decodedKind(wanted)
  return kind === undefined ? answer : { [kind]: decoders[kind](fromBase64(answer.ok)) }
}

/** @param {any} wanted */
const decodedKind = wanted => Object.keys(decoders).find(key => wanted[key] !== undefined)
