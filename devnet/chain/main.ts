// The local chain: anvil under supervision. Loopback only, a mnemonic of its own, state that survives.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { english, generateMnemonic } from 'viem/accounts'
import { writeWhole } from '../files/writeWhole.ts'
import { Miner } from './Miner.ts'
import { rpc } from './rpc.ts'
import { goodSnapshots, takeLastSnapshot, takeSnapshot } from './snapshots.ts'

const { values } = parseArgs({
  options: { data: { type: 'string' }, port: { type: 'string' }, 'chain-id': { type: 'string', default: '31337' } },
})
if (values.data === undefined || values.port === undefined)
  throw new Error('usage: chain --data DIR --port N [--chain-id N]')
const { data, port } = values
const url = `http://127.0.0.1:${port}`
const states = join(data, 'states')
await mkdir(data, { recursive: true, mode: 0o700 })

// Dies with this process, however it ends: an orphan would hold the port and the only copy of the state.
const anvil = spawn('setpriv', ['--pdeathsig', 'KILL', anvilBinary(), ...(await anvilArguments())], {
  stdio: ['ignore', 'ignore', 'inherit'],
})
const exited = once(anvil, 'exit')
await waitUntilUp()
// Blocks whose state is in memory must be final before anyone reads at them.
await rpc(url, 'anvil_mine', ['0x4'])

const stop = new AbortController()
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop.abort())
const miner = new Miner(url, join(data, 'market'))
let savedAt = -1
process.stdout.write(`${JSON.stringify({ ready: true, port: Number(port), url })}\n`)

while (!stop.signal.aborted && anvil.exitCode === null) {
  await miner.tick()
  const number = Number(await rpc<string>(url, 'eth_blockNumber'))
  if (number !== savedAt) {
    await takeSnapshot(url, states)
    savedAt = number
  }
  await delay(1000, undefined, { signal: stop.signal }).catch(() => undefined)
}
if (anvil.exitCode === null) {
  await takeLastSnapshot(url, states)
  anvil.kill('SIGKILL')
}
await exited

function anvilBinary(): string {
  return createRequire(import.meta.url).resolve('@foundry-rs/anvil-linux-amd64/bin/anvil')
}

async function anvilArguments(): Promise<string[]> {
  const mnemonicFile = join(data as string, 'mnemonic')
  if (!existsSync(mnemonicFile)) writeWhole(mnemonicFile, generateMnemonic(english))
  const [newest] = await goodSnapshots(states)
  return [
    ...['--host', '127.0.0.1', '--port', port as string, '--chain-id', values['chain-id'] as string, '--silent'],
    ...['--mnemonic', await readFile(mnemonicFile, 'utf8'), '--accounts', '12', '--slots-in-an-epoch', '1'],
    ...(newest === undefined ? [] : ['--load-state', newest]),
  ]
}

async function waitUntilUp(): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    if (anvil.exitCode !== null) throw new Error(`anvil ended with code ${anvil.exitCode}`)
    if (
      await rpc(url, 'eth_chainId').then(
        () => true,
        () => false,
      )
    )
      return
    await delay(50)
  }
  throw new Error('anvil did not come up within ten seconds')
}
