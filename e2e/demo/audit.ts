import {
  canonicalise,
  type Envelope,
  fromBase64Url,
  isAllodError,
  type Json,
  parseCanonical,
  toBase64Url,
} from '@allod/protocol'
import { verifyReport } from '@allod/sdk'
import type { Stage } from './Story.ts'

/** The auditor: the report is checked from its file and the chain; the same report with one figure changed is refused. */
export async function audit({ allod, say }: Stage, envelope: Envelope): Promise<void> {
  const view = await allod.chain.final()
  const verdict = await verifyReport(envelope, { trust: allod.trust, view })
  const bad = verdict.checks.filter((c) => c.result !== 'pass')
  say(`  ${verdict.verdict}: ${verdict.checks.length - bad.length} of ${verdict.checks.length} checks pass`)
  for (const { name, result } of bad) say(`  ${result}: ${name}`)
  const isTamperedRefused = await isRefused(() => verifyReport(tampered(envelope), { trust: allod.trust, view }))
  say(`  with one figure changed: ${isTamperedRefused ? 'refused, report/signature-mismatch' : 'ACCEPTED'}`)
}

/** The envelope with another last loss. */
function tampered(envelope: Envelope): Envelope {
  const statement = parseCanonical(fromBase64Url(envelope.payload), 4 << 20) as {
    predicate: { metrics: Record<string, Json> }
  }
  statement.predicate.metrics.lastLoss = '0.001'
  return { ...envelope, payload: toBase64Url(canonicalise(statement as unknown as Json)) }
}

async function isRefused(run: () => Promise<unknown>): Promise<boolean> {
  try {
    await run()
    return false
  } catch (error) {
    return isAllodError(error, 'report/signature-mismatch')
  }
}
