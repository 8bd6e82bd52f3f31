/**
 * Cleanup of what was collected as garbage, whose errors are nobody's: an object of WebAssembly that a panic left
 * borrowed throws when its memory is freed, in no call, and Node would end the process in the middle of another case.
 * Libraries make their registries as they are loaded, so this module is loaded before any of them.
 *
 * @module
 */

globalThis.FinalizationRegistry = /** @type {any} */ (class extends FinalizationRegistry {
  /** @param {(held: any) => void} cleanup */
  constructor (cleanup) {
    super(held => {
      try {
        cleanup(held)
      } catch { /* the copy of the library that it belonged to was given up at its panic */ }
    })
  }
})
