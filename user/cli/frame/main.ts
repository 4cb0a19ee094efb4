import { parseArgs } from 'node:util'
import { type AllodError, isAllodError } from '@allod/protocol'
import type { Context, Io } from './Context.ts'
import { type Command, type Entry, globalOptions, type Values } from './command.ts'
import { Ended } from './Ended.ts'
import { fail } from './errors.ts'
import { exitCodeOf, exitCodes } from './exitCode.ts'
import { commandHelp, overview } from './help.ts'
import { knownError } from './knownError.ts'
import { newContext } from './newContext.ts'
import { newOutput, type Output } from './Output.ts'
import { findEntry, table } from './table.ts'

/** Runs one command line. Gives the exit code and never throws. */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  const out = newOutput(io, { isJson: argv.includes('--json'), noColor: argv.includes('--no-color') })
  try {
    return await run(argv, io, out)
  } catch (error) {
    if (error instanceof Ended) return error.exitCode
    const known = asKnown(error, io.signal)
    const isDebug = argv.includes('--debug') || isAllodError(known, 'cli/internal')
    out.error(known, isDebug ? trace(error) : null)
    return exitCodeOf(known)
  }
}

async function run(argv: readonly string[], io: Io, out: Output): Promise<number> {
  const words = wordsOf(argv)
  if (argv.includes('--version') && words.length === 0) {
    out.result({ version: VERSION }, VERSION)
    return exitCodes.ok
  }
  if (words.length === 0 || words[0] === 'help') {
    out.result(
      table.map(({ name, says }) => ({ name, says })),
      overview(table, out.paint),
    )
    return exitCodes.ok
  }
  const entry = findEntry(words)
  if (entry === null) return nounHelp(words, out)
  const command = await entry.load()
  const { values, positionals } = parse(argv, entry, command)
  if (values.help === true) {
    out.result(
      { name: entry.name, says: entry.says, about: command.about, arguments: [...command.arguments] },
      commandHelp(entry, command, out.paint),
    )
    return exitCodes.ok
  }
  requireArguments(entry, command, positionals)
  await command.run(await contextOf(values, positionals, io, out))
  return exitCodes.ok
}

const VERSION = '0.1.0'

/** The words of a command line: what is no option, nor the value of one that every command takes. */
const wordsOf = (argv: readonly string[]): readonly string[] =>
  parseArgs({ args: [...argv], options: globalOptions, allowPositionals: true, strict: false }).positionals

const contextOf = (values: Values, positionals: readonly string[], io: Io, out: Output): Promise<Context> =>
  newContext({ values, positionals, io, out })

// `allod offer` alone is a question about the noun.
function nounHelp([noun = '', second]: readonly string[], out: Output): number {
  const under = table.filter((e) => e.name.startsWith(`${noun} `))
  if (under.length === 0 || second !== undefined)
    throw fail('unknown-command', { actual: [noun, second].filter(Boolean).join(' '), hint: suggestion(noun, second) })
  out.result(
    under.map(({ name, says }) => ({ name, says })),
    overview(under, out.paint),
  )
  return exitCodes.ok
}

function suggestion(noun: string, verb: string | undefined): string {
  const wanted = [noun, verb].filter(Boolean).join(' ')
  const [best] = table.map((e) => ({ name: e.name, d: distance(wanted, e.name) })).sort((a, b) => a.d - b.d)
  return best && best.d <= 3 ? `did you mean \`npx allod ${best.name}\`?` : 'see `npx allod --help`'
}

/** Edit distance; small inputs only. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= Math.min(a.length, 40); i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++)
      next[j] = Math.min((next[j - 1] ?? 0) + 1, (row[j] ?? 0) + 1, (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1))
    row = next
  }
  return row[b.length] ?? 0
}

function parse(argv: readonly string[], { name }: Entry, command: Command): { values: Values; positionals: string[] } {
  const options = Object.fromEntries(
    Object.entries({ ...command.options, ...globalOptions }).map(([option, { type, ...rest }]) => [
      option,
      { type, multiple: 'multiple' in rest && rest.multiple === true },
    ]),
  )
  try {
    const { values, positionals } = parseArgs({ args: [...argv], options, allowPositionals: true, strict: true })
    return { values: values as Values, positionals: positionals.slice(name.split(' ').length) }
  } catch (cause) {
    const said = cause instanceof Error ? cause.message.split('. ')[0] : String(cause)
    throw fail('bad-usage', { actual: said, hint: `see \`npx allod ${name} --help\``, cause })
  }
}

function requireArguments({ name }: Entry, command: Command, given: readonly string[]): void {
  const needed = command.arguments.filter((a) => !a.startsWith('[')).length
  const most = command.arguments.some((a) => a.includes('…')) ? Number.POSITIVE_INFINITY : command.arguments.length
  if (given.length < needed || given.length > most)
    throw fail('bad-usage', {
      expected: `allod ${[name, ...command.arguments].join(' ')}`,
      actual: `${given.length} arguments`,
      hint: `see \`npx allod ${name} --help\``,
    })
}

function asKnown(error: unknown, signal: AbortSignal): AllodError {
  // Who stopped with something under way has said so in its own hint.
  if (signal.aborted && !isAllodError(error, 'cli/interrupted')) return fail('interrupted', { cause: error })
  return knownError(error)
}

function trace(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause === undefined ? '' : `\ncaused by: ${trace(error.cause)}`
  return `${error.stack ?? error.message}${cause}`
}
