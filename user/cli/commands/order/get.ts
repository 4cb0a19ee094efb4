import { isAllodError } from '@allod/protocol'
import {
  type Allod,
  fetchReport,
  formatAmount,
  type ObjectHolders,
  type OrderRecord,
  objectHolders,
  orderMoney,
} from '@allod/sdk'
import { replicateHint } from '../../flows/replicateHint.ts'
import type { Command } from '../../frame/command.ts'
import { columns, shortHex } from '../../render/columns.ts'
import { jsonOf } from '../../render/jsonOf.ts'
import { pairs } from '../../render/pairs.ts'

export const command: Command = {
  arguments: ['<order>'],
  options: {},
  about: 'By its id, the beginning of it, or `last`.',
  async run({ positionals, out, allod: open, orders }) {
    const allod = await open()
    const record = await (await orders()).get(positionals[0] ?? '')
    const view = await out.step('reading the chain', () => allod.chain.latest())
    const [state, events] = await Promise.all([view.order(record.order), view.orderEvents(record.order)])
    const money = state.state === 'none' ? null : await orderMoney(allod, record.order)
    const result = state.isReported ? await resultOf(allod, record) : null
    const { currency } = allod.network
    const time = (at: number): string => (at === 0 ? '' : new Date(at * 1000).toISOString())
    const text = [
      pairs([
        ['order', record.order],
        ['job', record.spec.kind],
        ['state', state.state],
        ['provider', record.provider.url],
        ['enclave', state.generation === 0 ? '' : `${state.enclave}, generation ${state.generation}`],
        ['started', time(state.startedAt)],
        ['ends', time(state.endedAt === 0 ? state.endsAt : state.endedAt)],
        ['attested', `${state.attestedSeconds} of ${state.seconds} s`],
        ['reported', state.isReported ? 'yes' : 'no'],
        ['result', result === null ? '' : `held by ${result.holders.length} of ${result.stores} stores`],
        ['locked', formatAmount(state.escrow, currency)],
        ['refunded', formatAmount(money?.refunded ?? 0n, currency)],
      ]),
      '',
      columns(
        [
          ['lane', 'paid to', 'claimed', 'claimable'].map(out.paint.bold),
          ...(money?.earnings ?? []).map((e) => [
            e.lanes.map((l) => record.labels[l] ?? String(l)).join(', '),
            shortHex(e.payee),
            formatAmount(e.claimed, currency),
            formatAmount(e.claimable, currency),
          ]),
        ],
        { right: [2, 3] },
      ),
      '',
      columns(events.map((e) => [e.name, `block ${e.block}`, shortHex(e.transaction)])),
    ].join('\n')
    out.result(jsonOf({ order: record.order, spec: record.spec, chain: state, money, events, result }), text)
    if (result !== null) replicateHint(out, result)
  },
}

// Who holds the result now, where its provider still has the report that names it.
async function resultOf(allod: Allod, record: OrderRecord): Promise<ObjectHolders | null> {
  try {
    const [manifest] = Object.values((await fetchReport(allod, record)).manifests)
    return manifest === undefined ? null : await objectHolders(allod, manifest)
  } catch (error) {
    if (isAllodError(error)) return null
    throw error
  }
}
