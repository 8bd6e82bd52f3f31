/**
 * Pages of one headless Chromium, which is started with the first of them and ends with this process.
 *
 * @module
 */
import http from 'node:http'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { installed } from '../../library.mjs'

// A container has neither a sandbox for its root user nor much shared memory.
const flags = ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage']
const here = path.dirname(fileURLToPath(import.meta.url))

/** Opens pages that hold `page.mjs`, bundled. */
export class Pages {
  /** @param {string} module the folder of a package beside which the others are installed */
  constructor (module) {
    this.manifest = pathToFileURL(path.join(module, 'package.json'))
    this.require = createRequire(this.manifest)
    /** @type {Promise<{browser: any, address: string}> | null} */
    this.started = null
  }

  /** @return {Promise<any>} a page of playwright, whose `page` is there */
  async open () {
    this.started ??= this.start()
    const { browser, address } = await this.started
    const page = await browser.newPage()
    page.on('pageerror', (/** @type {Error} */ error) => { console.error(`the page: ${error.stack ?? error}`) })
    await page.goto(address)
    return page
  }

  async start () {
    const { chromium } = this.require('playwright-core')
    const script = await this.bundle()
    const server = http.createServer((request, response) => {
      const [type, body] = request.url === '/page.js' ? ['text/javascript', script] : ['text/html', '<!doctype html><script src="/page.js"></script>']
      response.setHeader('content-type', `${type}; charset=utf-8`)
      response.end(body)
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    server.unref()
    const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
    const browser = await chromium.launch({ executablePath: process.env.CHROME, args: flags, headless: true })
    return { browser, address: `http://127.0.0.1:${port}/` }
  }

  async bundle () {
    const { build } = this.require('esbuild')
    const { outputFiles: [{ text }] } = await build({
      entryPoints: [path.join(here, 'page.mjs')],
      inject: [path.join(here, 'buffer.mjs')],
      // The page's own imports, too, mean what is installed beside the package under test: two copies of Yjs do not mix.
      alias: Object.fromEntries(['yjs', 'y-websocket'].map(name => [name, installed(name, this.manifest)])),
      bundle: true,
      format: 'iife',
      write: false,
      logLevel: 'silent'
    })
    return text
  }
}
