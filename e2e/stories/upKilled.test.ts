import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { chainClient } from '@allod/chain'
import { down, layoutOf, up } from '@allod/devnet'
import { committeeId, type Hex } from '@allod/protocol'
import { readNetwork } from '@allod/sdk/node'
import { createPublicClient, http } from 'viem'
import { afterAll, expect, test } from 'vitest'
import { killVictim, type Victim } from './victims.ts'

const folder = mkdtempSync(join(tmpdir(), 'allod-up-'))
const layout = layoutOf(folder)
const program = join(import.meta.dirname, '../../devnet/main.ts')
/** No enclave is killed here. */
const NO_BUILD: Hex = `0x${'00'.repeat(32)}`
let bringing: ChildProcess | null = null
afterAll(async () => {
  bringing?.kill('SIGKILL')
  await down(folder)
  rmSync(folder, { recursive: true, force: true })
})

/** Brings the network up in a process of its own, which is killed once it said this and it is so. */
async function upUntil(moment: string, isSo: () => Promise<boolean>): Promise<void> {
  const child = spawn(process.execPath, [program, 'up', '--folder', folder], { stdio: ['ignore', 'ignore', 'pipe'] })
  bringing = child
  let said = ''
  for await (const piece of child.stderr) {
    said += String(piece)
    if (said.includes(moment)) break
  }
  expect(said).toContain(moment)
  while (!(await isSo())) await delay(5)
  child.kill('SIGKILL')
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
}

/** Whether a keeper is on chain; the next one follows at once. */
const isKeeperThere = async (): Promise<boolean> => {
  const { chain, ports } = JSON.parse(readFileSync(layout.deployment, 'utf8')) as {
    readonly chain: { readonly addresses: { readonly registry: Hex } }
    readonly ports: { readonly chain: number }
  }
  const client = createPublicClient({ transport: http(`http://127.0.0.1:${ports.chain}`) })
  return (await client.getLogs({ address: chain.addresses.registry, fromBlock: 0n })).length > 0
}

/** What the chain has of the network: who sits in its committee, and where its provider is. */
async function registered() {
  const { network } = await readNetwork(layout.description)
  const { rpcUrls, addresses, finality } = network
  const view = await chainClient({ rpcUrls, chainId: BigInt(network.chainId), addresses, finality }).latest()
  const { members } = await view.committee(committeeId(network.committee))
  const provider = await view.provider(network.provider.address)
  return { signers: members.map((m) => m.signer).sort(), url: provider?.endpoints, network }
}

type Moment = { readonly moment: string; readonly isSo: () => Promise<boolean>; readonly also: Victim | null }
const moments: readonly Moment[] = [
  { moment: 'deploying the contracts', isSo: async () => true, also: null },
  { moment: 'seating the committee', isSo: isKeeperThere, also: null },
  { moment: 'starting stores', isSo: async () => true, also: 'chain' },
]

test('a bringing up that is killed again and again ends in a whole network: contracts, committee and provider', async () => {
  for (const { moment, isSo, also } of moments) {
    await upUntil(moment, isSo)
    if (also !== null) await killVictim(layout, NO_BUILD, also)
  }
  expect(existsSync(layout.description)).toBe(false)
  await up({ folder })
  const { signers, url, network } = await registered()
  expect(signers).toEqual(network.committee.members.map((m) => m.address).sort())
  expect(url).toBe(network.provider.url)
})

test('a chain that is killed right after the network came up loses nothing that the next coming up does not mend', async () => {
  await killVictim(layout, NO_BUILD, 'chain')
  await up({ folder })
  const { signers, url, network } = await registered()
  expect(signers).toEqual(network.committee.members.map((m) => m.address).sort())
  expect(url).toBe(network.provider.url)
})
