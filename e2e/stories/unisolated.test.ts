import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { down, layoutOf, up } from '@allod/devnet'
import { connect, verifyEvidence } from '@allod/sdk'
import { devnetTrust } from '@allod/sdk/devnet'
import { readNetwork } from '@allod/sdk/node'
import { afterAll, beforeAll, expect, test } from 'vitest'

const folder = mkdtempSync(join(tmpdir(), 'allod-plain-'))
const layout = layoutOf(folder)
// As on a machine that has no bubblewrap.
const sandboxFolders = [folder]

beforeAll(async () => {
  await expect(up({ folder, sandboxFolders })).rejects.toMatchObject({ code: 'environments/no-sandbox' })
  expect(readdirSync(folder)).toEqual([])
  await up({ folder, sandboxFolders, isUnisolatedAllowed: true })
})
afterAll(async () => {
  await down(folder)
  rmSync(folder, { recursive: true, force: true })
})

test('a network without a sandbox comes up where that is allowed, and its keepers’ evidence says that it has none', async () => {
  const { network } = await readNetwork(layout.description)
  const [keeper] = network.keepers
  const response = await fetch(`${keeper?.url}/evidence?nonce=0x${'11'.repeat(32)}`)
  const bundle = await response.json()
  const isolationBy = async (isUnisolatedAllowed: boolean) => {
    const trust = devnetTrust({ ...network, trust: { ...network.trust, isUnisolatedAllowed } })
    const { proof } = await verifyEvidence(connect(network, { trust }), bundle)
    return proof.find((c) => c.name === 'isolation')
  }
  expect(await isolationBy(false)).toMatchObject({ result: 'fail', actual: 'none' })
  expect(await isolationBy(network.trust.isUnisolatedAllowed)).toMatchObject({ result: 'pass', actual: 'none' })
})
