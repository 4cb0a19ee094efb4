import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { freePorts } from '../network/freePorts.ts'
import { rpc } from './rpc.ts'

// Programs start and stop here, on machines that may be busy with other tests.
vi.setConfig({ testTimeout: 60_000 })

const SENDERS = 4
let data = ''
let running: ChildProcess[] = []
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'allod-chain-'))
  running = []
})
afterEach(() => {
  for (const child of running) child.kill('SIGKILL')
  rmSync(data, { recursive: true, force: true })
})

type Chain = { readonly url: string; readonly accounts: readonly string[]; end(how: NodeJS.Signals): Promise<void> }

/** Starts the program; each time at another port, since one that was killed may hold its own for a moment. */
async function startChain(folder = data): Promise<Chain> {
  const [port] = await freePorts(1)
  const args = [join(import.meta.dirname, 'main.ts'), '--data', folder, '--port', `${port}`]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  running.push(child)
  await once(createInterface({ input: child.stdout }), 'line')
  const url = `http://127.0.0.1:${port}`
  return {
    url,
    accounts: await rpc<string[]>(url, 'eth_accounts'),
    async end(how) {
      const exited = once(child, 'exit')
      child.kill(how)
      await exited
    },
  }
}

type Receipt = { readonly blockNumber: string }
const receiptOf = ({ url }: Chain, hash: string) => rpc<Receipt | null>(url, 'eth_getTransactionReceipt', [hash])
const send = ({ url, accounts }: Chain, from: number) =>
  rpc<string>(url, 'eth_sendTransaction', [{ from: accounts[from], to: accounts.at(-1), value: '0x1' }])

/** A transaction that was taken is in a block a moment later. */
async function included(chain: Chain, hash: string): Promise<Receipt> {
  for (;;) {
    const receipt = await receiptOf(chain, hash)
    if (receipt !== null) return receipt
    await delay(5)
  }
}

/** Sends until the chain is gone; gives every transaction that it said to be in a block. */
async function sendUntilItIsGone(chain: Chain, from: number, onIncluded: () => void): Promise<string[]> {
  const included: string[] = []
  try {
    for (;;) {
      const hash = await send(chain, from)
      if ((await receiptOf(chain, hash)) === null) continue
      included.push(hash)
      onIncluded()
    }
  } catch {
    return included
  }
}

test('a chain that is told to stop has every transaction when it starts again that it said to be in a block', async () => {
  const chain = await startChain()
  const enough = Promise.withResolvers<void>()
  let count = 0
  const sending = Array.from({ length: SENDERS }, (_, i) =>
    sendUntilItIsGone(chain, i, () => {
      if (++count === 50) enough.resolve()
    }),
  )
  await enough.promise
  await chain.end('SIGTERM')
  const hashes = (await Promise.all(sending)).flat()
  const again = await startChain()
  const receipts = await Promise.all(hashes.map((hash) => receiptOf(again, hash)))
  expect(hashes.length).toBeGreaterThanOrEqual(50)
  expect(hashes.filter((_, i) => receipts[i] === null)).toEqual([])
  await again.end('SIGTERM')
})

test('a chain that was killed starts again from its newest good snapshot', async () => {
  const chain = await startChain()
  const hash = await send(chain, 0)
  const block = Number((await included(chain, hash)).blockNumber)
  const states = join(data, 'states')
  const isSaved = () =>
    existsSync(states) && readdirSync(states).some((name) => Number(/^state-(\d+)\.json$/.exec(name)?.[1]) >= block)
  while (!isSaved()) await delay(20)
  await chain.end('SIGKILL')
  writeFileSync(join(states, 'state-000000999999.json'), '{"accounts":{"0x')
  const again = await startChain()
  expect(await receiptOf(again, hash)).not.toBeNull()
  expect(Number(await rpc<string>(again.url, 'eth_blockNumber'))).toBeGreaterThanOrEqual(block)
  await again.end('SIGTERM')
})

test('the chain listens on 127.0.0.1 and no other address of the machine', async () => {
  const { port } = new URL((await startChain()).url)
  const refused = await rpc(`http://127.0.0.2:${port}`, 'eth_chainId').catch((error: Error) => error)
  expect(refused).toMatchObject({ code: 'devnet/chain-unreachable', cause: { cause: { code: 'ECONNREFUSED' } } })
})

test('every network has accounts of its own, and has them again when it starts again', async () => {
  const [one, other] = await Promise.all([startChain(join(data, 'one')), startChain(join(data, 'other'))])
  expect(new Set([...one.accounts, ...other.accounts]).size).toBe(24)
  await one.end('SIGTERM')
  expect((await startChain(join(data, 'one'))).accounts).toEqual(one.accounts)
})
