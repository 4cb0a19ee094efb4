import { PassThrough } from 'node:stream'
import { main } from '../frame/main.ts'

/** What one command line printed, and how it ended. */
export type CliRun = { readonly code: number; readonly stdout: string; readonly stderr: string }

/** Runs a command line in this process, with streams and environment of its own. */
export async function runCli(
  argv: readonly string[],
  {
    env = {},
    stdin = '',
    signal = new AbortController().signal,
    isTerminal = false,
    typed,
  }: {
    readonly env?: Readonly<Record<string, string>>
    readonly stdin?: string
    readonly signal?: AbortSignal
    readonly isTerminal?: boolean
    /** What somebody who sits there answers, question by question. */
    readonly typed?: readonly string[]
  } = {},
): Promise<CliRun> {
  const isAsked = typed !== undefined
  const [out, err, input] = [collector(isTerminal), collector(isTerminal || isAsked), new PassThrough()]
  if (isAsked) answer(err.stream, input, typed)
  else input.end(stdin)
  const code = await main(argv, {
    stdin: Object.assign(input, { isTTY: isAsked }) as unknown as NodeJS.ReadStream,
    stdout: out.stream,
    stderr: err.stream,
    env,
    signal,
  })
  return { code, stdout: out.text(), stderr: err.text() }
}

/** Types the next answer whenever a question stands there. */
function answer(questions: NodeJS.WriteStream, input: PassThrough, typed: readonly string[]): void {
  const left = [...typed]
  questions.on('data', (part: Buffer) => {
    const next = /[:\]] $/.test(part.toString('utf8')) ? left.shift() : undefined
    if (next !== undefined) input.write(`${next}\n`)
  })
}

function collector(isTTY: boolean) {
  const parts: string[] = []
  const stream = new PassThrough()
  stream.on('data', (part: Buffer) => parts.push(part.toString('utf8')))
  return {
    stream: Object.assign(stream, { isTTY, columns: 80 }) as unknown as NodeJS.WriteStream,
    text: () => parts.join(''),
  }
}
