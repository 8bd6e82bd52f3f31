/**
 * As much of PEP 440 as the known divergences need: releases with or without a pre-release.
 *
 * @module
 */

/**
 * @param {string} version
 * @return {{release: number[], pre: string}}
 */
const parse = version => {
  const [, release, pre] = /^v?([\d.]+)[-.]?(.*)$/.exec(version) ?? []
  if (release === undefined) throw new Error(`not a version: ${version}`)
  return { release: release.replace(/\.$/, '').split('.').map(Number), pre: pre.replace(/^(rc|a|b)\.?/, '$1') }
}

/**
 * @param {string} a
 * @param {string} b
 * @return {number} below 0 when a is older
 */
const compare = (a, b) => {
  const [left, right] = [parse(a), parse(b)]
  for (let i = 0; i < Math.max(left.release.length, right.release.length); i++) {
    const difference = (left.release[i] ?? 0) - (right.release[i] ?? 0)
    if (difference !== 0) return difference
  }
  if (left.pre === right.pre) return 0
  // A release is younger than its pre-releases.
  if (left.pre === '' || right.pre === '') return left.pre === '' ? 1 : -1
  return left.pre.localeCompare(right.pre, 'en', { numeric: true })
}

/** @type {Readonly<Record<string, (order: number) => boolean>>} */
const operators = Object.freeze({
  '==': order => order === 0,
  '!=': order => order !== 0,
  '<=': order => order <= 0,
  '>=': order => order >= 0,
  '<': order => order < 0,
  '>': order => order > 0
})

/**
 * @param {string} specifier such as `>=13.5,<14`; `*` for all
 * @param {string} version
 * @return {boolean}
 */
export const contains = (specifier, version) => specifier === '*' || specifier.split(',').every(clause => {
  const [, operator, wanted] = /^\s*([=!<>]=|[<>])\s*(\S+)\s*$/.exec(clause) ?? []
  if (operator === undefined) throw new Error(`not a specifier: ${specifier}`)
  if (!wanted.endsWith('.*')) return operators[operator](compare(version, wanted))
  const prefix = wanted.slice(0, -2)
  return operators[operator](version === prefix || version.startsWith(prefix + '.') ? 0 : 1)
})
