import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, expect, test, vi } from 'vitest'
import { stageBuild } from './stageBuild.ts'

const folder = mkdtempSync(join(tmpdir(), 'allod-builds-'))
afterEach(() => vi.unstubAllEnvs())
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('a build without a sandbox is staged where there is no bubblewrap, and is another build', async () => {
  const sandboxed = await stageBuild('keeper', folder, { bwrap: '/usr/bin/true', prlimit: '/usr/bin/prlimit' })
  expect(existsSync(join(sandboxed.rootfs, 'bin/bwrap'))).toBe(true)
  vi.stubEnv('PATH', '/nonexistent')
  const plain = await stageBuild('keeper', folder, null)
  expect(['bin/bwrap', 'bin/prlimit'].filter((path) => existsSync(join(plain.rootfs, path)))).toEqual([])
  expect(plain.build).not.toBe(sandboxed.build)
  expect(await stageBuild('keeper', folder, null)).toEqual(plain)
})
