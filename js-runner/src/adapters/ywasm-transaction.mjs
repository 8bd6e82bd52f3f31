/**
 * Transactions of Ywasm, whose maker was renamed.
 *
 * @module
 */

/**
 * @param {any} ydoc
 * @param {string} [origin]
 * @return {any}
 */
export const begin = (ydoc, origin) => ydoc.beginTransaction === undefined ? ydoc.writeTransaction(origin) : ydoc.beginTransaction(origin)
