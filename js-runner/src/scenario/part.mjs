/**
 * The seam of layers 4 to 7: what plays a role of a scenario, beside the libraries of documents.
 *
 * @module
 */

/** @typedef {{op: string, peer: string, [key: string]: any}} Step */
/** @typedef {{plays: string, folder: string, home: string, client?: number, [key: string]: any}} Options */
/** @typedef {import('../adapters/adapter.mjs').Roots} Roots */

/**
 * One role of one performance. `perform` gives what a step observed, bytes or JSON or null; it throws what the packages throw.
 *
 * @typedef {{perform: (step: Step) => Promise<any>, close: () => Promise<void>}} Actor
 */

/**
 * The loaded packages. `features` has all ops of its actors, and what else a role can need.
 *
 * @typedef {object} Part
 * @property {string} name
 * @property {string} version
 * @property {ReadonlySet<string>} features
 * @property {readonly string[]} lossy
 * @property {(role: string, roots: Roots, options: Options) => Actor} begin
 */

/**
 * Name of the implementation -> its module, whose `load` gets the folder of its package.
 *
 * @type {Readonly<Record<string, () => Promise<{load: (module: string) => Promise<Part>}>>>}
 */
export const parts = Object.freeze({
  hocuspocus: () => import('./hocuspocus.mjs'),
  'hocuspocus-server': () => import('./hocuspocus-server.mjs'),
  'jupyterlab-chromium': () => import('./jupyterlab-chromium.mjs'),
  'jupyter-ydoc-js-client': () => import('./jupyter-ydoc-client.mjs'),
  'jupyter-ydoc-js': () => import('./jupyter-ydoc.mjs'),
  'y-leveldb': () => import('./y-leveldb.mjs'),
  'y-websocket': () => import('./y-websocket.mjs'),
  'y-websocket-chromium': () => import('./y-websocket-chromium.mjs'),
  'y-websocket-server': () => import('./y-websocket-server.mjs')
})
