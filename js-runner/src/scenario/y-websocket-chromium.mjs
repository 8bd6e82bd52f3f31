/**
 * y-websocket's provider in a headless Chromium, as a client. https://github.com/yjs/y-websocket
 *
 * @module
 */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { Unsupported } from '../adapters/adapter.mjs'
import { Pages } from './browser/pages.mjs'
import { documentsOf } from './document.mjs'
import { ops } from './provider-client.mjs'
import { StepError } from './step-error.mjs'

/** @typedef {import('./part.mjs').Actor} Actor */

/**
 * @param {string} module the package's folder
 * @return {Promise<import('./part.mjs').Part>}
 */
export const load = async module => {
  const lib = await documentsOf(module)
  const pages = new Pages(module)
  // The page has the provider's awareness and its messages, and none of the library's own.
  const own = [...lib.features].filter(feature => !/^(awareness|sync)\./.test(feature))
  return {
    name: 'y-websocket-chromium',
    version: JSON.parse(readFileSync(path.join(module, 'package.json'), 'utf8')).version,
    features: new Set([...own, ...ops]),
    lossy: lib.lossy,
    begin: (role, roots, options) => new PageClient(pages, [role, roots, options])
  }
}

/**
 * A page, which is opened with the first step.
 *
 * @implements {Actor}
 */
class PageClient {
  /**
   * @param {Pages} pages
   * @param {any[]} told what the page is told as it begins
   */
  constructor (pages, told) {
    this.pages = pages
    this.told = told
    /** @type {any} */
    this.page = null
  }

  /** @param {import('./part.mjs').Step} step */
  async perform (step) {
    if (this.page === null) {
      this.page = await this.pages.open()
      await this.page.evaluate((/** @type {any[]} */ told) => /** @type {any} */ (globalThis).page.begin(...told), this.told)
    }
    const answer = await this.page.evaluate((/** @type {any} */ asked) => /** @type {any} */ (globalThis).page.perform(asked), step)
    if ('unsupported' in answer) throw new Unsupported(answer.unsupported)
    if ('error' in answer) throw new StepError(answer.error.kind, answer.error.message)
    return answer.ok
  }

  async close () {
    await this.page?.close()
  }
}
