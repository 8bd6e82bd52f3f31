/**
 * What the runner's codec of bytes needs of Node's Buffer, in a browser.
 *
 * @module
 */

/** @param {Uint8Array} bytes */
const toBase64 = bytes => {
  let text = ''
  for (let start = 0; start < bytes.length; start += 0x8000) text += String.fromCharCode(...bytes.subarray(start, start + 0x8000))
  return btoa(text)
}

export const Buffer = {
  /**
   * @param {string | ArrayBuffer} source base64, or memory
   * @param {any} [offset] `base64`, or where the bytes begin
   * @param {number} [length]
   */
  from: (source, offset, length) => typeof source === 'string'
    ? Uint8Array.from(atob(source), character => character.charCodeAt(0))
    : { toString: () => toBase64(new Uint8Array(source, offset, length)) }
}
