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
  }: {
    readonly env?: Readonly<Record<string, string>>
    readonly stdin?: string
    readonly signal?: AbortSignal
    readonly isTerminal?: boolean
  } = {},
): Promise<CliRun> {
  const [out, err, input] = [collector(isTerminal), collector(isTerminal), new PassThrough()]
  input.end(stdin)
  const code = await main(argv, {
    stdin: Object.assign(input, { isTTY: false }) as unknown as NodeJS.ReadStream,
    stdout: out.stream,
    stderr: err.stream,
    env,
    signal,
  })
  return { code, stdout: out.text(), stderr: err.text() }
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
