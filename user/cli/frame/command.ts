import type { Context } from './Context.ts'

/** One option of a command, as `--help` shows it. */
export type Option = {
  readonly type: 'string' | 'boolean'
  /** What stands for the value, like `<n>`. */
  readonly value?: string
  readonly says: string
  readonly multiple?: boolean
}
export type Options = { readonly [name: string]: Option }

/** Values by option name: what `util.parseArgs` gives for the options declared. */
export type Values = { readonly [name: string]: string | boolean | readonly (string | boolean)[] | undefined }

/** What a file under `commands/` exports. */
export type Command = {
  /** Positional arguments, like `<offer>`; `[x]` may be left out, `…` takes many. */
  readonly arguments: readonly string[]
  readonly options: Options
  /** A longer word on what it does and an example or two. */
  readonly about: string
  run(context: Context): Promise<void>
}

/** A line of the command table: the name, one sentence, and where the command is. */
export type Entry = {
  readonly name: string
  readonly says: string
  readonly load: () => Promise<Command>
}

/** Options that every command takes. */
export const globalOptions = {
  json: { type: 'boolean', says: 'print data as JSON, long ones line by line, errors too' },
  network: {
    type: 'string',
    value: '<file>',
    says: 'network description; default $ALLOD_NETWORK or .allod/network.json',
  },
  as: { type: 'string', value: '<wallet>', says: 'wallet to act with; default $ALLOD_WALLET or the configured one' },
  'no-color': { type: 'boolean', says: 'no colours' },
  debug: { type: 'boolean', says: 'show where an error came from' },
  help: { type: 'boolean', says: 'show this' },
} as const satisfies Options
