import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { nullable, oneOf, record, type Shaped, text } from '@allod/protocol'
import { ownFolder, readJson, writeJson } from '@allod/sdk/node'
import { fail } from './errors.ts'

const settingsShape = record({
  version: oneOf(1),
  /** Wallet to act with where none is named. */
  wallet: nullable(text(32)),
  /** Network description to use where none is named. */
  network: nullable(text(4096)),
})
export type Settings = Shaped<typeof settingsShape>
export type SettingName = Exclude<keyof Settings, 'version'>

/** What a person set once, and where their keys lie. */
export type Config = {
  readonly settings: Settings
  readonly path: string
  readonly keystore: string
}

const none: Settings = { version: 1, wallet: null, network: null }

/** Reads the configuration from `$ALLOD_HOME`, else `~/.allod`. @throws cli/bad-config */
export async function readConfig(env: Readonly<Record<string, string | undefined>>): Promise<Config> {
  const home = resolve(env.ALLOD_HOME ?? join(homedir(), '.allod'))
  const path = join(home, 'config.json')
  const value = await readJson(path)
  try {
    return { settings: value === null ? none : settingsShape(value), path, keystore: join(home, 'keystore') }
  } catch (cause) {
    throw fail('bad-config', { cause, actual: path })
  }
}

/** Writes the configuration. */
export async function writeConfig({ path, keystore }: Config, settings: Settings): Promise<void> {
  await ownFolder(join(keystore, '..'))
  await writeJson(path, settingsShape(settings))
}
