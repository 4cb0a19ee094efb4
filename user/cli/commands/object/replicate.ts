import { isAllodError } from '@allod/protocol'
import { type Allod, fetchReport, type ObjectFacts, type Replica, replicateObject } from '@allod/sdk'
import { namedObject } from '../../flows/namedObject.ts'
import { ENOUGH_HOLDERS } from '../../flows/replicateHint.ts'
import type { Context } from '../../frame/Context.ts'
import type { Command } from '../../frame/command.ts'
import { fail } from '../../frame/errors.ts'
import { columns, shortHex } from '../../render/columns.ts'
import { jsonOf } from '../../render/jsonOf.ts'
import { formatBytes } from '../../render/transfer.ts'

export const command: Command = {
  arguments: ['<manifest|offer|order>'],
  options: {},
  about:
    'Copies its ciphertext from the stores that have it, each chunk checked against its hash, the manifest last; then reads random chunks back from every store. Needs no key and no wallet. An order (by its id, the beginning of it, or `last`) means its result. A store found to have spoiled it gets it anew. Run again it sends only what is missing. Ends with an error where fewer than two stores hold the object.',
  async run(context) {
    const { positionals, io, out, allod: open } = context
    const allod = await open()
    const manifest = await out.step('finding the object', () => manifestOf(context, allod, positionals[0] ?? ''))
    const { objectId, manifestHash, replicas } = await out.step('copying', (spinner) =>
      replicateObject(allod, manifest, {
        signal: io.signal,
        onProgress: ({ doneBytes, totalBytes }) => spinner.progress({ doneBytes, totalBytes }),
      }),
    )
    const rows = replicas.map((r) => [shortHex(r.store), wordsOf(r), formatBytes(r.sentBytes)])
    out.result(
      jsonOf({ objectId, manifestHash, replicas: replicas.map((r) => ({ ...r, error: r.error?.toJSON() ?? null })) }),
      columns([['store', 'now', 'sent'].map(out.paint.bold), ...rows], { right: [2] }),
    )
    const lacking = replicas.filter((r) => r.kind === 'lacking')
    const holders = replicas.length - lacking.length
    if (holders >= ENOUGH_HOLDERS) return
    throw fail('too-few-holders', {
      ...{ expected: ENOUGH_HOLDERS, actual: holders },
      meta: { lacking: lacking.map(({ store, error }) => ({ store, code: error?.code })) },
    })
  },
}

const wordsOf = ({ kind, error }: Replica): string =>
  kind === 'lacking' ? `does not hold it: ${error?.message} (${error?.code})` : kind === 'held' ? 'holds it' : 'copied'

// An order's report brings the manifest along, whatever stores are up.
async function manifestOf({ orders }: Context, allod: Allod, named: string): Promise<ObjectFacts['manifest']> {
  const record = await (await orders()).get(named).catch((error: unknown) => {
    if (isAllodError(error, 'sdk/unknown-order')) return null
    throw error
  })
  const [result] = record === null ? [] : Object.values((await fetchReport(allod, record)).manifests)
  return result ?? (await namedObject(allod, named)).manifest
}
