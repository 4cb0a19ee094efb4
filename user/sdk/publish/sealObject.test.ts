import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { utf8 } from '@allod/protocol'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Allod, connect, writerOf } from '../allod.ts'
import { sealingJournal } from '../node/sealingJournal.ts'
import { newPolicy } from '../policy/newPolicy.ts'
import { type LocalNetwork, startLocalNetwork } from '../testing/localNetwork.ts'
import { type PlayedProvider, playProvider } from '../testing/playedProvider.ts'
import { memoryFolder } from './memoryFolder.ts'
import { type SealedHere, sealObject } from './sealObject.ts'

let local: LocalNetwork
let played: PlayedProvider
let allod: Allod
let folder = ''
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'allod-seal-'))
  played = await playProvider()
  local = await startLocalNetwork(played)
  allod = connect(local.network)
})
afterAll(async () => {
  await local.stop()
  await played.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** Seals as a command does, in which a journal lies in a folder. */
async function seal({ text = 'rows', name = 'records', isPadded = true } = {}, at: Allod = allod): Promise<SealedHere> {
  const owner = local.wallet('owner')
  const policy = newPolicy(local.network, owner.key.address, { engines: 'any' })
  return sealObject(at, owner, {
    folder: memoryFolder(new Map([['rows.jsonl', utf8(text)]])),
    ...{ policy, name, isPadded },
    journal: await sealingJournal(join(folder, 'sealing'), owner, { policy, name }),
  })
}

test('the same content sealed again is the same object, registered once', async () => {
  const first = await seal()
  expect(first.transaction).not.toBeNull()
  expect(await seal()).toEqual({ ...first, transaction: null })
})

test('a note that was spoiled costs another sealing', async () => {
  const { objectId } = await seal({ name: 'spoiled' })
  const [note] = readdirSync(join(folder, 'sealing')).filter((name) => name.endsWith('-spoiled.sealed.json'))
  writeFileSync(join(folder, 'sealing', String(note)), '{"version":1,')
  expect((await seal({ name: 'spoiled' })).objectId).not.toBe(objectId)
})

test.each([
  ['content', { text: 'other rows' }],
  ['name', { name: 'other-records' }],
  ['padding', { isPadded: false }],
])('another %s is another object', async (_, other) => {
  const { objectId } = await seal()
  expect((await seal(other)).objectId).not.toBe(objectId)
})

test('an object that fewer than two stores hold, or that was retired, is sealed anew', async () => {
  const first = await seal({ name: 'held' })
  const [one, two] = allod.stores
  if (one === undefined || two === undefined) throw new Error('two stores were expected')
  const forgetful: Allod = { ...allod, stores: [one, { ...two, stat: async () => null }] }
  const second = await seal({ name: 'held' }, forgetful)
  expect(second.objectId).not.toBe(first.objectId)
  await writerOf(allod, local.wallet('owner')).send('assets', 'retire', [second.objectId])
  expect((await seal({ name: 'held' })).objectId).not.toBe(second.objectId)
})
