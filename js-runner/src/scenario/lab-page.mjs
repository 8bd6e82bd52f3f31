/**
 * A window of JupyterLab, and the document that it shows.
 *
 * @module
 */
import { Unsupported } from '../adapters/adapter.mjs'
import { RoleDocument } from './document.mjs'
import { StepError } from './step-error.mjs'

/** @typedef {import('./part.mjs').Actor} Actor */
/** @typedef {import('./part.mjs').Step} Step */

/** @implements {Actor} */
export class LabPage {
  /**
   * @param {() => Promise<any>} newPage
   * @param {import('../adapters/adapter.mjs').Adapter} lib reads what the page has
   * @param {string} role
   * @param {import('./part.mjs').Roots} roots
   * @param {import('./part.mjs').Options} options
   */
  constructor (newPage, lib, role, roots, options) {
    this.newPage = newPage
    this.lib = lib
    this.role = role
    this.roots = roots
    this.options = options
    /** @type {any} */
    this.page = null
  }

  /** @param {Step} step */
  async perform (step) {
    if (step.op === 'open') return this.open(step)
    if (step.op === 'leave') return this.close()
    if (this.page === null) throw new StepError('refused', 'no window is open')
    switch (step.op) {
      case 'state':
      case 'state_vector': return this.look(step)
      case 'ydoc.get': return this.page.evaluate(content)
      case 'ydoc.sources': return sources(await this.page.evaluate(content))
      case 'text.insert': return this.page.evaluate(insert, step)
      case 'lab.type': return this.type(step)
      case 'save': return this.page.evaluate(save, (step.patience ?? 5) * 1000)
      case 'lab.command': return this.page.evaluate(execute, step)
      case 'lab.dialogs': return this.page.evaluate(dialogs)
      case 'lab.accept': return this.page.locator('.jp-Dialog .jp-mod-accept').click()
      case 'lab.text': return this.page.evaluate(shown)
      case 'status': return { connected: true, dirty: await this.page.evaluate(isDirty) }
      default: throw new Unsupported(step.op)
    }
  }

  /** @param {any} step */
  async open ({ url, token, path, factory, workspace = this.role, restore = false }) {
    await this.close()
    this.page = await this.newPage()
    await this.page.goto(`${url}/lab/workspaces/${workspace}?token=${token}${restore ? '' : '&reset'}`, { waitUntil: 'commit' })
    await this.page.waitForFunction(() => /** @type {any} */ (globalThis).jupyterapp?.shell?.isRestored?.() ?? /** @type {any} */ (globalThis).jupyterapp)
    await this.page.evaluate(show, { path: restore ? null : path, factory })
  }

  /**
   * The page's document, as this process reads it.
   *
   * @param {Step} step
   */
  async look (step) {
    const mirror = new RoleDocument(this.lib, this.role, this.roots, this.options)
    mirror.perform({ op: 'apply', peer: this.role, update: { base64: await this.page.evaluate(encoded) } })
    const seen = mirror.perform(step)
    mirror.close()
    return seen
  }

  /**
   * Types with the keyboard, at the end of a cell, or at the beginning of a line of a file.
   *
   * @param {any} step
   */
  async type ({ text, cell, line = 0 }) {
    const editor = cell === undefined ? '.jp-FileEditor .cm-content' : `.jp-Notebook .jp-Cell >> nth=${cell} >> .cm-content`
    await this.page.locator(editor).click()
    await this.page.keyboard.press(cell === undefined ? 'Control+Home' : 'Control+End')
    for (let down = 0; down < line; down++) await this.page.keyboard.press('ArrowDown')
    await this.page.keyboard.type(text)
  }

  async close () {
    await this.page?.context().close()
    this.page = null
  }
}

// What follows runs in the page, whose globals this process does not have.

const show = async (/** @type {any} */ { path, factory }) => {
  const app = /** @type {any} */ (globalThis).jupyterapp
  await app.restored
  // JupyterLab 4.0 has shared documents in a drive of their own.
  const shared = app.serviceManager.contents._additionalDrives?.has('RTC') ? 'RTC:' : ''
  if (path !== null) await app.commands.execute('docmanager:open', { path: shared + path, factory })
  const end = Date.now() + 20_000
  while (app.shell.currentWidget?.context === undefined && Date.now() < end) await new Promise(resolve => setTimeout(resolve, 20))
  await app.shell.currentWidget.context.ready
}

const content = () => {
  const shared = /** @type {any} */ (globalThis).jupyterapp.shell.currentWidget.context.model.sharedModel
  return shared.toJSON?.() ?? shared.getSource()
}

const encoded = () => {
  const page = /** @type {any} */ (globalThis)
  const { ydoc } = page.jupyterapp.shell.currentWidget.context.model.sharedModel
  let text = ''
  for (const byte of page.conformanceYjs.encodeStateAsUpdate(ydoc)) text += String.fromCharCode(byte)
  return btoa(text)
}

const insert = (/** @type {any} */ { path, index, text }) => {
  const shared = /** @type {any} */ (globalThis).jupyterapp.shell.currentWidget.context.model.sharedModel
  const target = path[0] === 'cells' ? shared.getCell(path[1]) : shared
  target.updateSource(index, index, text)
}

const execute = (/** @type {any} */ { command, args = {} }) => {
  // It may end only when somebody has answered a dialog.
  /** @type {any} */ (globalThis).jupyterapp.commands.execute(command, args).catch(() => {})
}

/** Whether the command came to an end in time; one that asks a question does not. */
const save = (/** @type {number} */ patience) => Promise.race([
  /** @type {any} */ (globalThis).jupyterapp.commands.execute('docmanager:save').then(() => true, () => false),
  new Promise(resolve => setTimeout(resolve, patience, false))
])

const dialogs = () => [.../** @type {any} */ (globalThis).document.querySelectorAll('.jp-Dialog-header')].map(header => header.innerText.trim())

const shown = () => /** @type {any} */ (globalThis).document.body.innerText

const isDirty = () => /** @type {any} */ (globalThis).jupyterapp.shell.currentWidget.context.model.dirty

/**
 * The sources of a notebook's cells; of a file its text.
 *
 * @param {any} value
 */
const sources = value => typeof value === 'string' ? value : value.cells.map((/** @type {any} */ cell) => cell.source)
