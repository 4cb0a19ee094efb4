import { fromHex, isHex, newSigningKey } from '@allod/protocol'
import { createWallet, decryptKey, readJson } from '@allod/sdk/node'
import { newPasswordFor, passwordFor } from '../../frame/chooseWallet.ts'
import type { Command } from '../../frame/command.ts'
import { fail } from '../../frame/errors.ts'
import { askSecret } from '../../frame/prompt.ts'

export const command: Command = {
  arguments: ['<name>'],
  options: {
    keystore: { type: 'string', value: '<file>', says: 'a keystore of another program; asks for its password' },
  },
  about: 'Without --keystore the private key is asked for in the terminal; it is never taken from the command line.',
  async run({ positionals, values, config, io, out }) {
    const [name = ''] = positionals
    const password =
      values.keystore === undefined ? await newPasswordFor(name, io) : await passwordFor('password of the keystore', io)
    const key = await keyOf()
    await out.step('making the keystore', () => createWallet(config.keystore, name, password, { key }))
    out.result({ name, address: key.address, folder: config.keystore }, key.address)

    async function keyOf() {
      if (typeof values.keystore === 'string') return decryptKey(await readJson(values.keystore), password)
      const typed = (await askSecret('private key (hex)', io)).trim().toLowerCase()
      const hex = typed.startsWith('0x') ? typed : `0x${typed}`
      if (!isHex(hex, 32)) throw fail('bad-usage', { expected: '32 bytes as hex', hint: 'paste the key again' })
      return newSigningKey(fromHex(hex))
    }
  },
}
