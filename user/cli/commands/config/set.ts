import { resolve } from 'node:path'
import type { Command } from '../../frame/command.ts'
import { type SettingName, writeConfig } from '../../frame/config.ts'
import { fail } from '../../frame/errors.ts'

const names: readonly SettingName[] = ['wallet', 'network']

export const command: Command = {
  arguments: ['<setting>', '[value]'],
  options: {},
  about:
    'Settings: wallet (a name), network (a description’s file). Without a value the setting goes back to its default.',
  async run({ positionals, config, out }) {
    const [given = '', value] = positionals
    const name = names.find((n) => n === given)
    if (name === undefined) throw fail('bad-usage', { expected: names, actual: given })
    const kept = value === undefined ? null : name === 'network' ? resolve(value) : value
    await writeConfig(config, { ...config.settings, [name]: kept })
    out.result({ [name]: kept }, `${name} is ${kept ?? 'back to its default'}`)
  },
}
