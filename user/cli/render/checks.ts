import { type AgentVerdict, links, linkWords, type ProofCheck } from '@allod/sdk'
import type { Paint } from '../frame/paint.ts'
import { oneLine } from './plain.ts'

const MARKS = { pass: '✓', fail: '✗', unknown: '?' } as const

/** Every check under its link of the chain of proof, with what was expected, what was found, and who says so. */
export function checksText(checks: readonly ProofCheck[], paint: Paint): string {
  const present = links.filter((link) => checks.some((c) => c.link === link))
  return present
    .map((link) => {
      const own = checks.filter((c) => c.link === link)
      const worst = own.some((c) => c.result === 'fail')
        ? 'fail'
        : own.some((c) => c.result === 'unknown')
          ? 'unknown'
          : 'pass'
      return [`${marked(worst, paint)} ${paint.bold(linkWords[link])}`, ...own.map((c) => checkLine(c, paint))].join(
        '\n',
      )
    })
    .join('\n')
}

function checkLine({ name, result, expected, actual, source }: ProofCheck, paint: Paint): string {
  const said = result === 'pass' ? short(actual) : `expected ${short(expected)}, found ${short(actual)}`
  return `    ${marked(result, paint)} ${oneLine(`${name}: ${said}`)} ${paint.dim(`(${source})`)}`
}

function marked(result: ProofCheck['result'], paint: Paint): string {
  const color = result === 'pass' ? paint.green : result === 'fail' ? paint.red : paint.dim
  return color(MARKS[result])
}

const short = (text: string): string => (text.length <= 68 ? text : `${text.slice(0, 34)}…${text.slice(-8)}`)

/** One line on an agent that was looked at. A simulated chip is never green. */
export function verdictSummary(
  { card, isAccepted, isHardware, checks, validUntil }: AgentVerdict,
  paint: Paint,
): string {
  const passed = checks.filter((c) => c.result === 'pass').length
  const head = `${card.name}: ${passed} of ${checks.length} checks pass`
  if (!isAccepted) return paint.red(`${head}; do not talk to it`)
  const until = `good until ${new Date(validUntil * 1000).toISOString()}`
  return isHardware
    ? paint.green(`${head}; ${until}`)
    : paint.yellow(`${head}; ${until}; the chip is simulated: no secrecy from the machine’s owner`)
}
