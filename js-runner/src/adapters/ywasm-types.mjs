/**
 * Shared types of Ywasm before they are part of a document.
 *
 * @module
 */
import { Unsupported } from './adapter.mjs'

/** @typedef {import('./adapter.mjs').Chunk} Chunk */
/** @typedef {import('./adapter.mjs').TypeFactory} TypeFactory */

/**
 * A value that XML attributes can hold here.
 *
 * @param {any} value
 * @return {string}
 */
export const attribute = value => {
  if (typeof value !== 'string') throw new Unsupported('xml.attributes.any')
  return value
}

/** Texts whose content cannot be given to the constructor: filled once they are part of a document. */
export class Deferred {
  constructor () {
    /** @type {[any, Chunk[]][]} */
    this.texts = []
    /** @type {any[]} */
    this.handles = []
  }

  /** @param {any} txn of the op that inserted them */
  fill (txn) {
    for (const [text, chunks] of this.texts.splice(0)) {
      let index = 0
      for (const { insert, embed, attributes = {} } of chunks) {
        if (embed) text.insertEmbed(index, insert, attributes, txn)
        else text.insert(index, insert, attributes, txn)
        index += embed ? 1 : insert.length
      }
    }
  }
}

/**
 * @param {any} Y
 * @param {Deferred} deferred
 * @return {TypeFactory}
 */
export const factory = (Y, deferred) => {
  /**
   * @template T
   * @param {T} type
   */
  const held = type => {
    deferred.handles.push(type)
    return type
  }
  /**
   * @param {Chunk[]} chunks
   * @param {(text: string) => any} create
   */
  const text = (chunks, create) => {
    const plain = chunks.every(({ embed, attributes }) => !embed && attributes === undefined)
    if (plain) return held(create(chunks.map(({ insert }) => insert).join('')))
    const type = held(create(''))
    deferred.texts.push([type, chunks])
    return type
  }
  /** @param {[string, any][]} entries */
  const attributes = entries => Object.fromEntries(entries.map(([name, value]) => [name, attribute(value)]))
  return {
    text: chunks => text(chunks, content => new Y.YText(content)),
    array: values => held(new Y.YArray(values)),
    map: entries => held(new Y.YMap(Object.fromEntries(entries))),
    fragment: children => held(new Y.YXmlFragment(children)),
    element: (name, entries, children) => held(new Y.YXmlElement(name, attributes(entries), children)),
    xmltext: (chunks, entries) => text(chunks, content => new Y.YXmlText(content, attributes(entries))),
    doc: guid => held(new Y.YDoc({ guid }))
  }
}
