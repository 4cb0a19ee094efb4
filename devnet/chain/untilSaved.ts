import { readdir } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { errorsOf } from '@allod/protocol'
import { rpc } from './rpc.ts'
import { blockOf } from './snapshots.ts'

const fail = errorsOf('devnet', {
  'chain-unsaved': [
    'the local chain does not write its state to disk',
    'see the chain’s log, and whether the disk is full',
  ],
})

const AGAIN_MS = 50

/**
 * Waits until the chain, as it is at this moment, is in a snapshot: from then on no death takes it back.
 * @param folder of the chain's snapshots
 * @throws devnet/chain-unsaved, devnet/chain-unreachable
 */
export async function untilSaved(
  url: string,
  folder: string,
  { withinMs = 30_000 }: { readonly withinMs?: number } = {},
): Promise<void> {
  const number = Number(await rpc<string>(url, 'eth_blockNumber'))
  const until = performance.now() + withinMs
  for (;;) {
    const saved = (await readdir(folder).catch(() => [])).map(blockOf)
    if (saved.some((block) => block !== null && block >= number)) return
    if (performance.now() > until)
      throw fail('chain-unsaved', { expected: number, actual: Math.max(...saved.map(Number)) })
    await delay(AGAIN_MS)
  }
}
