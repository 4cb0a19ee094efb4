import type { Command } from '../../frame/command.ts'
import { columns } from '../../render/columns.ts'

export const command: Command = {
  arguments: [],
  options: {},
  about: 'Options win over environment variables, those over the configuration.',
  async run({ config, io, out }) {
    const { wallet, network } = config.settings
    const rows = [
      ['setting', 'value', 'from'],
      ['wallet', ...chosen(io.env.ALLOD_WALLET, wallet, 'ALLOD_WALLET', 'developer on a devnet, else none')],
      ['network', ...chosen(io.env.ALLOD_NETWORK, network, 'ALLOD_NETWORK', '.allod/network.json')],
      ['keystore', config.keystore, io.env.ALLOD_HOME === undefined ? 'default' : 'ALLOD_HOME'],
    ]
    const json = Object.fromEntries(rows.slice(1).map(([name, value, from]) => [name, { value, from }]))
    out.result(JSON.parse(JSON.stringify(json)), columns(rows))

    function chosen(env: string | undefined, set: string | null, variable: string, otherwise: string): string[] {
      if (env !== undefined) return [env, variable]
      return set === null ? [otherwise, 'default'] : [set, config.path]
    }
  },
}
