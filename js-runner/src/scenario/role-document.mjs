/**
 * The document of a role, which performs the steps of layers 0 to 3. It also runs in a browser.
 *
 * @module
 */
import { Unsupported } from '../adapters/adapter.mjs'
import { Session } from '../session.mjs'
import { StepError } from './step-error.mjs'

/** @typedef {import('../adapters/adapter.mjs').Adapter} Adapter */
/** @typedef {import('./part.mjs').Step} Step */

/** One document, which performs the steps of layers 0 to 3. */
export class RoleDocument {
  /**
   * @param {Adapter} lib
   * @param {string} role
   * @param {import('./part.mjs').Roots} roots
   * @param {import('./part.mjs').Options} options
   * @param {any} [doc] the library's own object, where it was made by others
   */
  constructor (lib, role, roots, { client = 1, gc, declare }, doc) {
    this.session = new Session(lib, roots, { [role]: { client, gc, declare } })
    if (doc !== undefined) this.session.docs.set(role, doc)
    this.role = role
  }

  /**
   * Takes the document that a model made for itself in place of its own, with the same client id.
   *
   * @param {any} doc
   */
  adopt (doc) {
    this.session.lib.close(this.doc)
    doc.clientID = this.session.peers[this.role].client
    this.session.docs.set(this.role, doc)
  }

  /** The library's own object. */
  get doc () {
    return this.session.docs.get(this.role)
  }

  /**
   * @param {Step} step
   * @return {any} what it observed; bytes as base64
   * @throws {Unsupported | StepError}
   */
  perform (step) {
    const answer = this.session.answer(step)
    if ('unsupported' in answer) throw new Unsupported(answer.unsupported)
    if ('error' in answer) throw new StepError(answer.error.kind, answer.error.message)
    return answer.ok
  }

  close () {
    this.session.close()
  }
}
