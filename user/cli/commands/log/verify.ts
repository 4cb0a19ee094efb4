import { signerOfKeeper, verifyDecisionLog } from '@allod/sdk'
import { readBytes } from '@allod/sdk/node'
import type { Command } from '../../frame/command.ts'
import { Ended } from '../../frame/Ended.ts'
import { fail } from '../../frame/errors.ts'
import { exitCodes } from '../../frame/exitCode.ts'
import { columns, shortHex } from '../../render/columns.ts'
import { jsonOf } from '../../render/jsonOf.ts'

const MAX_LOG_BYTES = 256 << 20
const MAX_SHOWN = 20

export const command: Command = {
  arguments: ['<file…>'],
  options: {},
  about:
    'A keeper’s decisions.ndjson, as its host keeps it: every signature, numbers without gaps, and each boot linked to the entry before it. Several copies are read as one log: what was hidden from one of them shows as a fork. What came after the last entry, and is in no copy, cannot be missed. Exit code 0: nothing is wrong; 5: something is.',
  async run({ positionals, io, out, allod: open }) {
    const copies = await Promise.all(positionals.map(textOf))
    const totalBytes = copies.reduce((sum, text) => sum + text.length, 0)
    const allod = await open()
    const verdict = await out.step('checking the log', (spinner) =>
      verifyDecisionLog(copies, {
        signerOf: (keeper) => signerOfKeeper(allod, keeper),
        onProgress: (doneBytes) => spinner.progress({ doneBytes, totalBytes }),
        signal: io.signal,
      }),
    )
    const { keepers, unreadableLines, faults } = verdict
    const time = (at: number): string => new Date(at * 1000).toISOString()
    const rows = keepers.map((k) => [
      ...[shortHex(k.keeper), String(k.boots), String(k.entries), time(k.from), time(k.upTo)],
      k.ends.map(shortHex).join(', '),
    ])
    const shown = faults.slice(0, MAX_SHOWN).map(({ code, message, meta }) => `✗ ${code}: ${message} ${jsonText(meta)}`)
    const more = faults.length > MAX_SHOWN ? [`and ${faults.length - MAX_SHOWN} more`] : []
    out.result(
      jsonOf({ ...verdict, faults: faults.map((f) => f.toJSON()) }),
      [
        columns([['keeper', 'boots', 'entries', 'from', 'up to', 'ends in'].map(out.paint.bold), ...rows], {
          right: [1, 2],
        }),
        ...(unreadableLines === 0 ? [] : [`lines that are no entry: ${unreadableLines}`]),
        ...[...shown, ...more].map(out.paint.red),
        ...(faults.length === 0 ? [out.paint.green('every entry is signed, numbered and linked')] : []),
      ].join('\n'),
    )
    const [first] = faults
    if (first === undefined) return
    if (out.isJson) throw new Ended(exitCodes.attestation)
    throw first
  },
}

async function textOf(path: string): Promise<string> {
  const bytes = await readBytes(path, MAX_LOG_BYTES)
  if (bytes === null) throw fail('bad-usage', { expected: 'a decision log’s file', actual: path })
  return new TextDecoder().decode(bytes)
}

const jsonText = (value: unknown): string => JSON.stringify(value)
