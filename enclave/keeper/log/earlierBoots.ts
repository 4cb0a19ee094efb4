import type { Opener } from '@allod/channel/node'
import { decisionHash, fromHex, type Hex, requireSigner, signedDecisionShape, utf8 } from '@allod/protocol'
import { fail } from '../errors.ts'
import type { KeeperKeys } from '../keys/keeperKeys.ts'
import { readLine } from './readLine.ts'

const ANSWER_MS = 5000
const MAX_ENTRY_BYTES = 8192

const NOTHING: Hex = `0x${'00'.repeat(32)}`

/**
 * The hash of the last entry that the host kept of this keeper's earlier boots: what a boot's first entry names as
 * `previous`. 32 zero bytes where the host says that there is none.
 *
 * What the host hands over was signed by this very keeper, so it cannot invent a past. It can hide one: a keeper stores
 * nothing, and cannot tell the newest entry from an older one, nor a first boot from a host that denies the others. What the
 * host hides that way, two entries that name the same one before them (or two boots that name none) show to whoever holds both
 * of them. Entries at the very end that no later boot built upon, and of which nobody has a copy, can be dropped unseen.
 * @throws keeper/log-forged, keeper/log-unavailable
 */
export async function earlierBoots(
  relay: Opener,
  { id, signing }: { readonly id: Hex; readonly signing: Pick<KeeperKeys['signing'], 'address'> },
  name = 'log-tail',
): Promise<Hex> {
  const line = await ask(relay, name, id)
  if (line === '') return NOTHING
  try {
    const { decision, by } = signedDecisionShape(JSON.parse(line))
    if (decision.keeper !== id) throw fail('log-forged', { expected: id, actual: decision.keeper })
    const hash = decisionHash(decision)
    requireSigner(fromHex(hash, 32), by.signature, signing.address)
    return hash
  } catch (cause) {
    throw fail('log-forged', { cause, expected: id })
  }
}

async function ask(relay: Opener, name: string, id: Hex): Promise<string> {
  try {
    const stream = await relay.open(name)
    const timer = setTimeout(() => stream.reset('timeout'), ANSWER_MS)
    try {
      await stream.write(utf8(`${id}\n`))
      return await readLine(stream, MAX_ENTRY_BYTES)
    } finally {
      clearTimeout(timer)
      stream.reset()
    }
  } catch (cause) {
    throw fail('log-unavailable', { cause })
  }
}
