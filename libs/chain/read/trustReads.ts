import type { Hex } from '@allod/protocol'
import { type Abi, encodeEventTopics } from 'viem'
import { trustAbi } from '../abi.ts'
import type { OrderLog, View } from '../types.ts'
import type { callAt } from './calls.ts'

const zero: Hex = `0x${'00'.repeat(32)}`

/** What Trust says of builds, at one block. */
export const trustReads = (
  trust: Hex,
  call: ReturnType<typeof callAt>,
  logs: (address: Hex, abi: Abi, topics: readonly (Hex | null)[]) => Promise<readonly OrderLog[]>,
): Pick<View, 'buildOf' | 'build' | 'revocationOf'> => ({
  async buildOf(measurement) {
    const build = await call(trust, trustAbi, 'buildOf', [measurement])
    return build === zero ? null : build
  },
  async build(build) {
    const [[announcedAt, from, isRevoked], isApproved] = await Promise.all([
      call(trust, trustAbi, 'recordOf', [build]),
      call(trust, trustAbi, 'isApproved', [build]),
    ])
    return { build, announcedAt: Number(announcedAt), from: Number(from), isRevoked, isApproved }
  },
  async revocationOf(build) {
    const topics = encodeEventTopics({ abi: trustAbi, eventName: 'BuildRevoked', args: { build } })
    return (await logs(trust, trustAbi, topics as Hex[]))[0]?.block ?? null
  },
})
