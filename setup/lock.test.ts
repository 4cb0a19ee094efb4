import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
// @ts-expect-error plain JavaScript, because the Node that starts it may be too old to run TypeScript
import { lockDisagreements } from './lock.mjs'

const folder = mkdtempSync(join(tmpdir(), 'allod-lock-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const packages = {
  '': { dependencies: { left: '1.0.0' } },
  part: { version: '0.1.0', dependencies: { right: '2.0.0' } },
  'node_modules/left': { version: '1.0.0', integrity: 'sha512-a' },
  'node_modules/part': { resolved: 'part', link: true },
  'node_modules/right': { version: '2.0.0', integrity: 'sha512-b' },
}

/** What is found where a project wants this, under this lock. */
function found(root: object, part: object, lock: object = packages): readonly string[] {
  mkdirSync(join(folder, 'part'), { recursive: true })
  writeFileSync(join(folder, 'package.json'), JSON.stringify(root))
  writeFileSync(join(folder, 'part/package.json'), JSON.stringify(part))
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify({ packages: lock }))
  return lockDisagreements(folder)
}

const [root, part] = [{ dependencies: { left: '1.0.0' } }, { dependencies: { right: '2.0.0' } }]

test('this project’s lock is that of its packages', () => {
  expect(lockDisagreements(join(import.meta.dirname, '..'))).toEqual([])
})

test('a lock that agrees has nothing said of it', () => {
  expect(found(root, part)).toEqual([])
})

test('another version, a package more or less, and one without a hash are said', () => {
  expect(found({ dependencies: { left: '1.0.1' } }, part)).toEqual(['.: left is 1.0.1, locked as 1.0.0'])
  expect(found(root, { dependencies: { right: '2.0.0', more: '1.0.0' } })).toEqual([
    'part: more is 1.0.0, locked as nothing',
  ])
  expect(found(root, {})).toEqual(['part: right is not wanted, locked as 2.0.0'])
  const { 'node_modules/left': _, ...without } = packages
  expect(found(root, part, without)).toEqual(['.: left is wanted, and in no lock'])
  expect(found(root, part, { ...packages, 'node_modules/left': { version: '1.0.1', integrity: 'sha512-c' } })).toEqual([
    '.: left is 1.0.0, locked at 1.0.1',
  ])
  expect(found(root, part, { ...packages, 'node_modules/left': { version: '1.0.0' } })).toEqual([
    'node_modules/left: locked without a hash',
  ])
})
