import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Secret, type SigningKey } from '@allod/protocol'
import { createWallet, listWallets, openWallet, passwordBytes } from '@allod/sdk/node'
import { writeWhole } from '../files/writeWhole.ts'
import { type Person, people } from './plan.ts'

/** Cheap scrypt: the password lies beside the keystores, so it guards nothing but play money. */
const COST = 1024

/** The devnet's wallets, made where they are missing; their password lies in the same folder. */
export async function devnetWallets(folder: string): Promise<ReadonlyMap<Person, SigningKey>> {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const file = join(folder, 'password')
  if (!existsSync(file)) writeWhole(file, randomBytes(24).toString('base64url'))
  const password = () => new Secret(passwordBytes(readFileSync(file, 'utf8').trim()))
  const known = new Set((await listWallets(folder)).map((w) => w.name))
  const keys = new Map<Person, SigningKey>()
  for (const name of Object.keys(people) as Person[]) {
    const wallet = known.has(name)
      ? await openWallet(folder, name, password())
      : await createWallet(folder, name, password(), { cost: COST })
    keys.set(name, wallet.key)
  }
  return keys
}
