import { readNetwork } from '@allod/sdk/node'
import type { Command } from '../frame/command.ts'
import { programOf } from '../frame/root.ts'
import { runProgram } from '../frame/runProgram.ts'

export const command: Command = {
  arguments: [],
  options: {
    'allow-unisolated': { type: 'boolean', says: 'go on without a sandbox, loudly' },
  },
  about:
    'Starts chain, keepers, stores, provider and gateway as separate programs, or only those that are not running. State survives; the chip is simulated and keeps no secret from this machine’s owner.',
  async run({ values, io, out }) {
    const flags = values['allow-unisolated'] === true ? ['--allow-unisolated'] : []
    await out.step('starting the network', () => runProgram(programOf('devnet/main.ts'), ['up', ...flags], io.signal))
    // What was just written here, whichever network other commands are told to use.
    const { network, path } = await readNetwork()
    out.result({ network: network.name, description: path }, `the network is up; its description is ${path}`)
    out.note('try: npx allod offer list')
  },
}
