import { probeSandbox } from '@allod/environments'
import { expect, test } from 'vitest'
import { chooseIsolation } from './chooseIsolation.ts'

const isUsable = (await probeSandbox()).isUsable
const nowhere = ['/nonexistent']

test.skipIf(!isUsable)('a sandbox that works is used, also where doing without one is allowed', async () => {
  for (const isUnisolatedAllowed of [false, true])
    expect(await chooseIsolation({ isUnisolatedAllowed })).toMatchObject({ kind: 'bubblewrap' })
})

test('no sandbox is done without only where that is allowed', async () => {
  expect(await chooseIsolation({ isUnisolatedAllowed: true, folders: nowhere })).toEqual({
    kind: 'none',
    programs: null,
  })
  await expect(chooseIsolation({ isUnisolatedAllowed: false, folders: nowhere })).rejects.toMatchObject({
    code: 'environments/no-sandbox',
    hint: expect.stringContaining('bubblewrap'),
  })
})
