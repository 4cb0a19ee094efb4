import type { AllodError, Json } from '@allod/protocol'
import { oneLine, plainJson } from '../render/plain.ts'
import type { Io } from './Context.ts'
import { onTerminal, type Paint, painter } from './paint.ts'
import { newSpinner, type Spinner } from './spinner.ts'

/**
 * Where everything goes: data to stdout, the rest to stderr. With `--json` data is one JSON value, or one per line for what
 * takes long, and an error is the last line. Whoever wrote a text, no terminal obeys anything in it but our colours.
 */
export type Output = {
  readonly isJson: boolean
  /** True where a person looks at stderr. */
  readonly isLive: boolean
  /** Colours for stdout, and for stderr. */
  readonly paint: Paint
  readonly paintNotes: Paint
  /** Columns of stdout; 80 where it is not a terminal. */
  readonly width: number
  /** The result of a command. */
  result(json: Json, text: string): void
  /** One of many results that come one after the other. */
  line(json: Json, text: string | null): void
  /** Some of a text that comes bit by bit, as it is; nothing with `--json`. */
  piece(text: string): void
  /** For people, beside the data. */
  note(text: string): void
  /** Names what is going on while it takes longer than 200 ms. */
  step<T>(name: string, work: (spinner: Spinner) => Promise<T>): Promise<T>
  error(error: AllodError, debug: string | null): void
}

/** The outputs of a process. */
export function newOutput(
  { stdout, stderr, env }: Io,
  { isJson, noColor }: { readonly isJson: boolean; readonly noColor: boolean },
): Output {
  const isPlain = noColor || env.NO_COLOR !== undefined || env.TERM === 'dumb'
  const paint = painter(stdout.isTTY === true && !isPlain && !isJson)
  const paintNotes = painter(stderr.isTTY === true && !isPlain)
  const isLive = stderr.isTTY === true && env.TERM !== 'dumb' && env.CI === undefined && !isJson
  const write = (stream: NodeJS.WriteStream, text: string): void => void stream.write(onTerminal(text))
  const print = (text: string): void => write(stdout, text.endsWith('\n') ? text : `${text}\n`)
  const printJson = (value: Json): void => print(plainJson(value))
  return {
    isJson,
    isLive,
    paint,
    paintNotes,
    width: stdout.columns || 80,
    result: (json, text) => (isJson ? printJson(json) : print(text)),
    line(json, text) {
      if (isJson) printJson(json)
      else if (text !== null) print(text)
    },
    piece(text) {
      if (!isJson) write(stdout, text)
    },
    note(text) {
      if (!isJson) write(stderr, `${text}\n`)
    },
    async step(name, work) {
      const spinner = newSpinner(stderr, name, isLive)
      try {
        return await work(spinner)
      } finally {
        spinner.stop()
      }
    },
    error(error, debug) {
      if (isJson) return printJson({ error: error.toJSON() as unknown as Json })
      write(stderr, `${errorText(error, paintNotes)}\n`)
      if (debug !== null) write(stderr, `${debug}\n`)
    },
  }
}

/** What happened, expected against actual, what to do, the stable code. */
export function errorText({ code, message, hint, meta }: AllodError, paint: Paint): string {
  const { expected, actual, ...rest } = meta
  const shown = (name: string, value: unknown): string =>
    `  ${name}: ${typeof value === 'string' ? value : jsonText(value)}`
  return [
    `${paint.red('error:')} ${message} ${paint.dim(`(${code})`)}`,
    ...(expected === undefined ? [] : [shown('expected', expected)]),
    ...(actual === undefined ? [] : [shown('actual', actual)]),
    ...Object.entries(rest)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => shown(name, value)),
    `${paint.bold('hint:')} ${hint}`,
  ]
    .map(oneLine)
    .join('\n')
}

const jsonText = (value: unknown): string =>
  JSON.stringify(value, (_, v) => (typeof v === 'bigint' ? v.toString() : v))?.slice(0, 2000) ?? 'none'
