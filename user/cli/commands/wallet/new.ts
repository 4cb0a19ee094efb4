import { createWallet } from '@allod/sdk/node'
import { newPasswordFor } from '../../frame/chooseWallet.ts'
import type { Command } from '../../frame/command.ts'

export const command: Command = {
  arguments: ['<name>'],
  options: {},
  about:
    'An Ethereum keystore (version 3) that `cast wallet` opens too. The password comes from ALLOD_PASSWORD_FILE, ALLOD_PASSWORD or the terminal, which asks twice, never from the command line.',
  async run({ positionals, config, io, out }) {
    const [name = ''] = positionals
    const password = await newPasswordFor(name, io)
    const { key } = await out.step('making the keystore', () => createWallet(config.keystore, name, password))
    out.result({ name, address: key.address, folder: config.keystore }, key.address)
    out.note(
      `keep a copy of ${config.keystore}/${name}.json and its password: both are needed, nobody can restore them`,
    )
  },
}
