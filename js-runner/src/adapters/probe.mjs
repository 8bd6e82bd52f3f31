/**
 * What a loaded Yjs can do is tried on it.
 *
 * @module
 */

/**
 * True when the action works on a throwaway document.
 *
 * @param {any} Y
 * @param {(doc: any) => unknown} action throws or returns false when the library cannot do it
 */
export const works = (Y, action) => {
  try {
    const doc = new Y.Doc()
    doc.clientID = 1
    return action(doc) !== false
  } catch {
    return false
  }
}
