import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { evidenceHash, type Verifier } from '@allod/attestation'
import { chainClient, transportOver } from '@allod/chain'
import { connectRelay, type Opener, serveHttp } from '@allod/channel/node'
import { type Hex, isAllodError, type Secret, toHex } from '@allod/protocol'
import type { ReadChain } from './chain/ChainFacts.ts'
import { readChain } from './chain/readChain.ts'
import { rpcFetch } from './chain/rpcFetch.ts'
import { type KeeperConfig, parseConfig } from './config.ts'
import { endWithCode } from './endWithCode.ts'
import { type Answer, answer } from './http/answer.ts'
import type { Appraise } from './judge/requireEvidence.ts'
import type { Keeper } from './Keeper.ts'
import { keeperKeys } from './keys/keeperKeys.ts'
import { DecisionLog } from './log/DecisionLog.ts'
import { earlierBoots } from './log/earlierBoots.ts'
import { logOverRelay } from './log/logOverRelay.ts'
import { type Chip, ownEvidence } from './ownEvidence.ts'

/** What differs between hardware and the devnet: the TEE underneath, and which evidence is believed. */
export type Platform = {
  readonly openChip: (socketPath: string) => Chip & { readonly deriveKey: (context: string) => Promise<Secret> }
  readonly verifiers: (config: KeeperConfig) => readonly Verifier[]
  readonly appraise: (config: KeeperConfig) => Appraise
  readonly predictMeasurement: Keeper['predictMeasurement']
}

const MAX_BODY_BYTES = 4 << 20
/** How long a request may take to come in, its head and its body each: who is slower takes the place of others. */
const REQUEST_MS = 10_000

const NOTHING: Hex = `0x${'00'.repeat(32)}`
const NOBODY: Hex = `0x${'00'.repeat(20)}`

/**
 * Runs a keeper until its host goes away: configuration, keys, channel, then answers. What ends it before, such as
 * `keeper/bad-config`, is said by its code.
 * @param base where the guest finds its files: `/` in a sandbox
 */
export const runKeeper = (platform: Platform, base: string): Promise<void> => endWithCode(() => serve(platform, base))

async function serve(platform: Platform, base: string): Promise<void> {
  const chip = platform.openChip(join(base, 'run/chip.sock'))
  const config = parseConfig(await readFile(join(base, 'config.json')))
  const sealing = await chip.deriveKey('allod/keeper/v1')
  const keys = await keeperKeys(sealing)
  sealing.erase()
  const now = () => Math.floor(Date.now() / 1000)

  // The host may ask before the keeper is ready; it then waits, as long as HTTP lets it.
  const ready = Promise.withResolvers<Answer>()
  const service = serveHttp(async (request) => (await ready.promise)(request), {
    maxBodyBytes: MAX_BODY_BYTES,
    headTimeoutMs: REQUEST_MS,
    bodyTimeoutMs: REQUEST_MS,
    onError: (error) => process.stderr.write(`${isAllodError(error) ? error.code : 'keeper/request-failed'}\n`),
  })
  const relay = await connectRelay(join(base, 'run/host.sock'), {
    onOpen: (name, stream) => (name === 'http' ? service.accept(stream) : stream.reset('refused')),
  })
  const previous = await earlierBoots(relay, keys)
  const log = new DecisionLog(keys, logOverRelay(relay), { boot: toHex(randomBytes(16)), previous, now })
  const keeper: Keeper = {
    ...{ config, keys, log, now },
    random: (sizeBytes) => randomBytes(sizeBytes),
    readChain: chainOver(relay, config),
    verifiers: platform.verifiers(config),
    appraise: platform.appraise(config),
    predictMeasurement: platform.predictMeasurement,
    ownEvidence: (nonce) => ownEvidence(chip, keys, config, nonce),
  }
  // A keeper that cannot prove itself, or whose log nobody keeps, does not answer at all.
  const proof = await keeper.ownEvidence({ id: NOTHING, nonce: toHex(randomBytes(32)) })
  const boot = { kind: 'boot', order: NOTHING, generation: 0, enclave: NOBODY, outcome: 'ok' } as const
  await log.append({ ...boot, subject: evidenceHash(proof) })
  ready.resolve(answer(keeper))
  await relay.closed
  service.close()
}

function chainOver(relay: Opener, { chainId, addresses, fromBlock, finality, rpcs }: KeeperConfig): ReadChain {
  return readChain(
    chainClient({
      chainId: BigInt(chainId),
      addresses,
      fromBlock,
      finality,
      transports: rpcs.map((rpc) => transportOver(rpcFetch(relay, rpc))),
    }),
  )
}
