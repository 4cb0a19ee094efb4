import { verifyReport } from '@allod/sdk'
import type { Context } from '../frame/Context.ts'
import { checksText } from '../render/checks.ts'
import { jsonOf } from '../render/jsonOf.ts'

const WORDS = {
  'valid-then': 'the report is valid: every check passes',
  'revoked-since': 'the report was valid; its build has been revoked since',
  unknown: 'nothing speaks against the report, but not everything could be checked here',
} as const

/**
 * Checks a report's file and prints every check.
 * @throws report/signature-mismatch, sdk/report-refused
 */
export async function checkReport({ out, values, allod: open }: Context, file: unknown): Promise<void> {
  const isOffline = values.offline === true
  const allod = await open().catch((error: unknown) => {
    // Without a network a report can still be checked from its file.
    if (isOffline) return null
    throw error
  })
  const verdict = await out.step('checking the report', async () =>
    verifyReport(file, {
      ...(allod === null ? {} : { trust: allod.trust }),
      view: allod === null || isOffline ? null : await allod.chain.latest(),
    }),
  )
  const { statement, ...rest } = verdict
  const { order, outputs, metrics } = statement.predicate
  const words =
    verdict.verdict === 'valid-then' ? out.paint.green(WORDS['valid-then']) : out.paint.yellow(WORDS[verdict.verdict])
  const chip = verdict.isHardware
    ? ''
    : `\n${out.paint.yellow('the chip was simulated: no secrecy from the machine’s owner')}`
  const lonely = outputs.filter(({ name }) =>
    verdict.checks.some((c) => c.name === `stored-${name}` && c.actual === '1'),
  )
  out.result(jsonOf({ ...rest, order, outputs, metrics }), `${checksText(verdict.checks, out.paint)}\n${words}${chip}`)
  for (const { name, manifestHash } of lonely)
    out.note(
      `one store held ${name} when it was reported; copy it to the others: npx allod object replicate ${manifestHash}`,
    )
}
