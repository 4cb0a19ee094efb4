import { columns } from '../render/columns.ts'
import { type Command, type Entry, globalOptions, type Options } from './command.ts'
import type { Paint } from './paint.ts'

/** Every command with its sentence: the jobs people come for first, then the nouns. */
export function overview(entries: readonly Entry[], paint: Paint): string {
  const verbs = entries.filter((e) => !e.name.includes(' '))
  const nouns = entries.filter((e) => e.name.includes(' '))
  const lines = (list: readonly Entry[]): string => columns(list.map((e) => [`  ${paint.cyan(e.name)}`, e.says]))
  return [
    `${paint.bold('allod')} rents models, data and machines without handing them over.`,
    '',
    `${paint.bold('usage:')} npx allod <command> [arguments] [--json] [--as <wallet>] [--network <file>]`,
    ...(verbs.length === 0 ? [] : ['', lines(verbs)]),
    ...(nouns.length === 0 ? [] : ['', lines(nouns)]),
    '',
    `more of any of them: ${paint.cyan('npx allod <command> --help')}`,
  ].join('\n')
}

/** How one command is called. */
export function commandHelp({ name, says }: Entry, command: Command, paint: Paint): string {
  const usage = ['npx allod', name, ...command.arguments].join(' ')
  return [
    `${paint.bold('usage:')} ${usage} [options]`,
    '',
    `${says}. ${command.about}`.trim(),
    ...(Object.keys(command.options).length === 0 ? [] : ['', optionLines(command.options, paint)]),
    '',
    optionLines(globalOptions, paint),
  ].join('\n')
}

const optionLines = (options: Options, paint: Paint): string =>
  columns(
    Object.entries(options).map(([name, o]) => [
      `  ${paint.cyan(`--${name}${o.value === undefined ? '' : ` ${o.value}`}`)}`,
      o.says,
    ]),
  )
