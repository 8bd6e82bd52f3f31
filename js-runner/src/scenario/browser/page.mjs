/**
 * The page of one client: a document and y-websocket's provider. It is bundled with the packages under test.
 *
 * @module
 */
// @ts-ignore the bundler finds it beside the package under test
import * as Y from 'yjs'
// @ts-ignore
import { WebsocketProvider } from 'y-websocket'
import { Unsupported, describe } from '../../adapters/adapter.mjs'
import { adapt } from '../../adapters/yjs.mjs'
import { toBase64 } from '../../values.mjs'
import { ProviderClient, yWebsocket } from '../provider-client.mjs'
import { RoleDocument } from '../role-document.mjs'
import { StepError } from '../step-error.mjs'

const lib = adapt(/** @type {any} */ ({ library: Y, version: '', file: '', fresh: () => Y }))

/** @type {ProviderClient} */
let client

const page = {
  /**
   * @param {string} role
   * @param {any} roots
   * @param {any} options
   */
  begin: (role, roots, options) => {
    client = new ProviderClient(new RoleDocument(lib, role, roots, options), yWebsocket(WebsocketProvider, WebSocket))
  },

  /**
   * @param {any} step
   * @return {Promise<any>} an answer of the protocol
   */
  perform: async step => {
    try {
      const value = await client.perform(step)
      return { ok: value instanceof Uint8Array ? toBase64(value) : value ?? null }
    } catch (error) {
      if (error instanceof Unsupported) return { unsupported: error.feature }
      return { error: { kind: error instanceof StepError ? error.kind : 'refused', message: describe(error) } }
    }
  }
}

Object.assign(globalThis, { page })
