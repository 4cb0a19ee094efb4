import type { Command } from '../frame/command.ts'
import { programOf } from '../frame/root.ts'
import { runProgram } from '../frame/runProgram.ts'

export const command: Command = {
  arguments: [],
  options: {},
  about: 'Chain, objects, keys and orders stay; `npx allod up` goes on from there.',
  async run({ io, out }) {
    await out.step('stopping the network', () => runProgram(programOf('devnet/main.ts'), ['down'], io.signal))
    out.result({ stopped: true }, 'the network is down')
  },
}
