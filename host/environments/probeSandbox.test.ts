import { chmodSync, existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isAllodError } from '@allod/protocol'
import { afterAll, expect, test } from 'vitest'
import { probeSandbox, requireSandbox } from './probeSandbox.ts'

const folder = mkdtempSync(join(tmpdir(), 'allod-probe-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test.skipIf(!existsSync('/usr/bin/bwrap'))('finds a sandbox in a sandbox usable here', async () => {
  const probe = await probeSandbox()
  expect(probe).toMatchObject({ isUsable: true })
  expect(requireSandbox(probe).bwrap).toMatch(/bwrap$/)
})

test('names the package where bubblewrap is missing: environments/no-sandbox', async () => {
  const probe = await probeSandbox(['/nonexistent'])
  expect(probe).toMatchObject({
    isUsable: false,
    reason: 'no-bubblewrap',
    fix: expect.stringContaining('apt-get install'),
  })
  expect(() => requireSandbox(probe)).toThrow(
    expect.objectContaining({ code: 'environments/no-sandbox', hint: expect.stringContaining('bubblewrap') }),
  )
})

test('names the package where prlimit or setpriv is missing', async () => {
  writeFileSync(join(folder, 'bwrap'), '')
  expect(await probeSandbox([folder])).toMatchObject({ isUsable: false, reason: 'no-util-linux' })
})

test('does not take a bubblewrap that exists for one that works', async () => {
  writeFileSync(join(folder, 'bwrap'), '#!/bin/sh\necho "bwrap: No permissions to create new namespace" >&2\nexit 1\n')
  chmodSync(join(folder, 'bwrap'), 0o755)
  chmodSync(folder, 0o755)
  for (const name of ['prlimit', 'setpriv']) symlinkSync(`/usr/bin/${name}`, join(folder, name))
  const probe = await probeSandbox([folder])
  expect(probe).toMatchObject({ isUsable: false })
  try {
    requireSandbox(probe)
  } catch (error) {
    expect(isAllodError(error, 'environments/no-sandbox')).toBe(true)
  }
})
