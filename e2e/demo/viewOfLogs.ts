import type { BuildOnChain, View } from '@allod/chain'
import type { RecordedView } from '@allod/sdk'
import type { StoryLog } from './chainLogs.ts'

/** The chain as its logs tell it, as much of it as reports and evidence are held against. */
export function viewOfLogs(logs: readonly StoryLog[]): RecordedView & Pick<View, 'buildOf'> {
  const now = Math.max(...logs.map((log) => log.time))
  const of = (contract: string, name: string, field: string, value: unknown) =>
    logs.filter((log) => log.contract === contract && log.name === name && log.args[field] === value)
  return {
    async order(order) {
      const [start] = of('market', 'Bound', 'order', order)
      const isThere = of('market', 'Created', 'order', order).length > 0
      return { state: isThere ? 'ended' : 'none', startedAt: start?.time ?? 0 }
    },
    orderEvents: async (order) => logs.filter((log) => log.contract === 'market' && log.args.order === order),
    async build(build): Promise<BuildOnChain> {
      const [first] = of('trust', 'Announced', 'build', build)
      const from = Number(first?.args.from ?? 0)
      const isRevoked = of('trust', 'BuildRevoked', 'build', build).length > 0
      const isApproved = first !== undefined && !isRevoked && from <= now
      return { build, announcedAt: first?.time ?? 0, from, isRevoked, isApproved }
    },
    revocationOf: async (build) => of('trust', 'BuildRevoked', 'build', build)[0]?.block ?? null,
    async buildOf(measurement) {
      const [announced] = of('trust', 'Announced', 'measurement', measurement)
      const isRevoked = of('trust', 'MeasurementRevoked', 'measurement', measurement).length > 0
      return announced === undefined || isRevoked ? null : (announced.args.build as `0x${string}`)
    },
  }
}
