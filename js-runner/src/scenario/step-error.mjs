/**
 * Why a step was not done.
 *
 * @module
 */

/** A step that failed with a kind of the protocol. */
export class StepError extends Error {
  /**
   * @param {'refused' | 'panic' | 'slot' | 'runner'} kind
   * @param {string} message
   */
  constructor (kind, message) {
    super(message)
    this.kind = kind
  }
}
