// Whether package-lock.json is the lock of these package.json files. `npm ci` would say so, but it refuses a lock without the
// packages that other platforms need; `npm install` repairs a lock that disagrees, and says nothing.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const KINDS = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies']

/** What a lock and the package.json files of its workspaces disagree about, in words. */
export function lockDisagreements(root) {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
  const folders = Object.keys(packages).filter((path) => !path.includes('node_modules/'))
  return [...folders.flatMap((folder) => ofFolder(root, folder, packages)), ...unlocked(packages)]
}

function ofFolder(root, folder, packages) {
  const file = join(root, folder, 'package.json')
  if (!existsSync(file)) return [`${folder}: is locked, and is not there`]
  const [written, locked] = [JSON.parse(readFileSync(file, 'utf8')), packages[folder]]
  return KINDS.flatMap((kind) => {
    const [wanted, known] = [written[kind] ?? {}, locked[kind] ?? {}]
    return [...new Set([...Object.keys(wanted), ...Object.keys(known)])].flatMap((name) => {
      if (wanted[name] !== known[name])
        return [`${folder || '.'}: ${name} is ${wanted[name] ?? 'not wanted'}, locked as ${known[name] ?? 'nothing'}`]
      const version = kind === 'dependencies' || kind === 'devDependencies' ? versionOf(packages, folder, name) : null
      const isExact = /^\d+\.\d+\.\d+/.test(wanted[name])
      if (version === undefined) return [`${folder || '.'}: ${name} is wanted, and in no lock`]
      return version !== null && isExact && version !== wanted[name]
        ? [`${folder || '.'}: ${name} is ${wanted[name]}, locked at ${version}`]
        : []
    })
  })
}

/** The version that a folder's dependency is locked at, as node would find it; undefined where it is not. */
function versionOf(packages, folder, name) {
  for (let at = folder; ; at = at.includes('/') ? at.slice(0, at.lastIndexOf('/')) : '') {
    const found = packages[`${at === '' ? '' : `${at}/`}node_modules/${name}`]
    if (found !== undefined) return found.link === true ? packages[found.resolved]?.version : found.version
    if (at === '') return undefined
  }
}

/** A package without a hash could be any. */
function unlocked(packages) {
  return Object.entries(packages)
    .filter(([path, { link, integrity }]) => path.includes('node_modules/') && link !== true && integrity === undefined)
    .map(([path]) => `${path}: locked without a hash`)
}
