#!/usr/bin/env node
/**
 * The command line: a runner when no vectors are given, else a program of its own.
 *
 * @module
 */
import { parseArgs } from 'node:util'

// Libraries log to the console, and standard output belongs to the protocol: before any of them is loaded.
globalThis.console = new console.Console(process.stderr, process.stderr)

const { implementations, loadAdapter } = await import('./adapters/index.mjs')
const { parts } = await import('./scenario/part.mjs')

const usage = `usage: main.mjs --impl ${Object.keys(implementations).join('|')} [--module DIR_OR_FILE]
       main.mjs --impl NAME [--module DIR_OR_FILE] [--format v1|v2|both] [--filter GLOB] VECTORS...

Without VECTORS it speaks the runner protocol on standard input and output.
With VECTORS, files or folders, it plays their cases alone and compares.
With --measure REQUESTS, a file of request lines, it performs them in-process and prints the CPU time.
With --random-tests N it performs as many of the library's own random tests and prints the CPU time.`

/** @param {string} message */
const badUsage = message => {
  console.error(`${message}\n${usage}`)
  process.exit(2)
}

/** @return {{values: {impl?: string, module?: string, format?: string, filter?: string, measure?: string, 'random-tests'?: string, help?: boolean}, positionals: string[]}} */
const parse = () => {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        impl: { type: 'string' },
        module: { type: 'string' },
        format: { type: 'string' },
        filter: { type: 'string' },
        measure: { type: 'string' },
        'random-tests': { type: 'string' },
        help: { type: 'boolean' }
      }
    })
  } catch (error) {
    return badUsage(error instanceof Error ? error.message : String(error))
  }
}

const { values, positionals } = parse()
if (values.help) {
  process.stdout.write(usage + '\n')
  process.exit(0)
}
const { impl = '', format = 'both' } = values
if (Object.hasOwn(parts, impl)) {
  const { serve } = await import('./scenario/serve.mjs')
  const part = await (await parts[impl]()).load(values.module ?? '').catch(error => {
    console.error(`cannot load ${impl}: ${error instanceof Error ? error.message : error}`)
    process.exit(3)
  })
  await serve(part)
  process.exit(0)
}
if (!Object.hasOwn(implementations, impl)) {
  badUsage(`--impl must be one of ${Object.keys({ ...implementations, ...parts }).join(', ')}`)
}
if (!['v1', 'v2', 'both'].includes(format)) badUsage('--format must be v1, v2 or both')

const loaded = await loadAdapter(impl, values.module).catch(error => {
  console.error(`cannot load ${impl}: ${error instanceof Error ? error.message : error}`)
  process.exit(3)
})

/** @return {Promise<number>} exit code */
const run = async () => {
  if (positionals.length > 0) {
    const { playFiles } = await import('./standalone.mjs')
    return playFiles(loaded, { impl, module: values.module }, positionals, { format, filter: values.filter })
  }
  const { measure, serve } = await import('./protocol.mjs')
  if (values.measure !== undefined) {
    process.stdout.write(JSON.stringify(measure(loaded, values.measure)) + '\n')
    return 0
  }
  if (values['random-tests'] !== undefined) {
    const { randomTests } = await import('./random-tests.mjs')
    process.stdout.write(JSON.stringify(await randomTests(values.module ?? '', Number(values['random-tests']))) + '\n')
    return 0
  }
  serve(loaded)
  return 0
}

// At once: the finalizers of a library that broke would break again.
process.exit(await run())
