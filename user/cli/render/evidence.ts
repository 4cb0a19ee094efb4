import type { Check, Field } from '@allod/attestation'
import type { Json } from '@allod/protocol'
import type { EvidenceVerdict } from '@allod/sdk'
import type { Paint } from '../frame/paint.ts'
import { jsonOf } from './jsonOf.ts'
import { oneLine } from './plain.ts'

/** A verdict as `--json` prints it. */
export const verdictJson = ({ isAccepted, error, checks, ...verdict }: EvidenceVerdict): Json =>
  jsonOf({
    verdict: isAccepted ? 'accepted' : 'refused',
    code: error?.code ?? null,
    kind: verdict.kind,
    status: verdict.status,
    advisories: verdict.advisories,
    claims: verdict.claims,
    checks: checks.map(({ name, result, expected, actual }) => ({ name, result, expected, actual })),
    validUntil: verdict.validUntil,
  })

/** Each check of a verdict, with what was expected, what was found, and who says so. */
export const checkLines = ({ checks }: EvidenceVerdict, paint: Paint): string =>
  checks.map((c) => checkLine(c, paint)).join('\n')

/** A verdict for people: what follows from its checks, what is missing, and what none of it shows. */
export function verdictText(verdict: EvidenceVerdict, paint: Paint): string {
  const { status, advisories, shortfall, validUntil, unproved } = verdict
  return [
    headline(verdict, paint),
    ...(status === null || status === 'NotStated' ? [] : [`platform: ${status}`]),
    ...(advisories.length === 0 ? [] : [`advisories: ${advisories.join(', ')}`]),
    ...section('below the newest level, and what its operator can do', shortfall),
    ...(validUntil === null ? [] : [`good until ${timeText(validUntil)}`]),
    ...section('not shown by this', unproved),
  ].join('\n')
}

// A simulated chip is never green.
function headline({ isAccepted, error, kind, checks }: EvidenceVerdict, paint: Paint): string {
  const passed = checks.filter((c) => c.result === 'pass').length
  if (!isAccepted)
    return paint.red(`refused: ${kind}, ${error?.message ?? 'a check fails'} (${error?.code ?? 'attestation'})`)
  const head = `accepted: ${kind}, ${passed} of ${checks.length} checks pass`
  return kind === 'simulated'
    ? paint.yellow(`${head}; the chip is simulated: no secrecy from the machine’s owner`)
    : paint.green(head)
}

const MARKS = { pass: '✓ pass   ', fail: '✗ fail   ', unknown: '? unknown' } as const

function checkLine({ name, result, expected, actual, source }: Check, paint: Paint): string {
  const color = result === 'pass' ? paint.green : result === 'fail' ? paint.red : paint.yellow
  const said = oneLine(`${name}: expected ${short(expected)}, found ${short(actual)}`)
  return `${color(MARKS[result])} ${said} ${paint.dim(`(${source})`)}`
}

const section = (title: string, lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : [`${title}:`, ...lines.map((line) => `  - ${line}`)]

const short = (text: string): string => (text.length <= 140 ? text : `${text.slice(0, 100)}…${text.slice(-16)}`)

// Some certificates have no end: 9999-12-31.
const timeText = (seconds: number): string =>
  seconds > 8.64e12 ? 'nothing ends it' : new Date(seconds * 1000).toISOString()

/** Fields of evidence for people, one below the other: name, value, words. */
export function fieldsText(fields: readonly Field[], paint: Paint): string {
  const width = Math.min(28, Math.max(...fields.map((f) => f.name.length), 0))
  return fields
    .map(
      ({ name, value, words }) =>
        `${paint.bold(name.padEnd(width))}  ${value}${words === '' ? '' : `\n${' '.repeat(width)}  ${paint.dim(words)}`}`,
    )
    .join('\n')
}
