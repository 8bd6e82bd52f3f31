/**
 * JupyterLab itself, in a headless Chromium: the role `lab`. https://github.com/jupyterlab/jupyterlab
 *
 * The pages are those of the server of the scenario, which is started with `lab`. Source of what is driven:
 * `LabApp.expose_app_in_browser`, which puts the application at `window.jupyterapp`.
 *
 * @module
 */
import { createRequire } from 'node:module'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { LabPage } from './lab-page.mjs'
import { documentsOf } from './document.mjs'

const ops = [
  'open', 'leave', 'status', 'save', 'ydoc.get', 'ydoc.sources', 'state', 'state_vector', 'text.insert',
  'lab.type', 'lab.command', 'lab.dialogs', 'lab.accept', 'lab.text'
]
const flags = ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage']
const PATIENCE = 25_000 // milliseconds until JupyterLab shows a document
const VARIABLE = 'YJS_CONFORMANCE_CHROMIUM'

/**
 * @param {string} module the folder of the package that drives the browser
 * @return {Promise<import('./part.mjs').Part>}
 */
export const load = async module => {
  const manifest = path.join(module, 'package.json')
  const { chromium } = await import(pathToFileURL(path.join(module, 'index.mjs')).href)
  const yjs = await bundle(manifest)
  const lib = await documentsOf(module)
  /** @type {Promise<any> | null} */
  let browser = null
  const launched = () => (browser ??= chromium.launch({ executablePath: process.env[VARIABLE], args: flags }))
  return {
    name: 'jupyterlab-chromium',
    version: JSON.parse(readFileSync(manifest, 'utf8')).version,
    features: new Set([...ops, 'browser', 'root.text', 'root.array', 'root.map']),
    lossy: lib.lossy,
    begin: (role, roots, options) => new LabPage(async () => newPage(await launched(), yjs), lib, role, roots, options)
  }
}

/**
 * Yjs for the page, to read its documents with: JupyterLab keeps its own out of reach.
 *
 * @param {string} manifest
 * @return {Promise<string>} a script that sets `conformanceYjs`
 */
const bundle = async manifest => {
  const esbuild = createRequire(manifest)('esbuild')
  const built = await esbuild.build({
    stdin: { contents: "export { encodeStateAsUpdate } from 'yjs'", resolveDir: path.dirname(manifest) },
    bundle: true,
    write: false,
    format: 'iife',
    globalName: 'conformanceYjs',
    footer: { js: 'globalThis.conformanceYjs = conformanceYjs' },
    logLevel: 'silent'
  })
  return built.outputFiles[0].text
}

/**
 * A page with storage of its own. There is no kernel in a scenario, so the question for one is answered.
 *
 * @param {any} browser
 * @param {string} yjs
 */
const newPage = async (browser, yjs) => {
  const context = await browser.newContext()
  context.setDefaultTimeout(PATIENCE)
  await context.addInitScript(yjs)
  await context.addInitScript(declineKernels)
  return context.newPage()
}

/** Runs in the page. */
const declineKernels = () => {
  const { document, MutationObserver } = /** @type {any} */ (globalThis)
  new MutationObserver(() => {
    for (const dialog of document.querySelectorAll('.jp-Dialog')) {
      if (dialog.querySelector('.jp-Dialog-header')?.innerText.trim() === 'Select Kernel') dialog.querySelector('.jp-mod-reject')?.click()
    }
  }).observe(document, { childList: true, subtree: true })
}
