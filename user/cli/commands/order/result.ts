import { openResult } from '@allod/sdk'
import { fillFolder, folderSink } from '@allod/sdk/node'
import type { Command } from '../../frame/command.ts'

export const command: Command = {
  arguments: ['<order>', '<folder>'],
  options: {},
  about:
    'Keepers release their shares to your key once the report is final, and only where every input’s policy lets the result out. `order get` says how many stores hold it. The folder must be empty or not there yet. It gets its files only when all of them are there, and is readable by you only.',
  async run({ positionals, io, out, allod: open, orders, wallet }) {
    const [named = '', folder = ''] = positionals
    const allod = await open()
    const record = await (await orders()).get(named)
    const buyer = await wallet()
    const files = await fillFolder(folder, (part) =>
      out.step('taking the result out', (spinner) =>
        openResult(allod, buyer, record, {
          sink: folderSink(part),
          signal: io.signal,
          onStep: (step) => spinner.say(`taking the result out: ${step}`),
        }),
      ),
    )
    out.result({ order: record.order, folder, files: files.map((f) => f.path) }, folder)
  },
}
