import { utf8 } from '@allod/protocol'
import { expect, test } from 'vitest'
import { parseConfig } from './config.ts'
import { config } from './testing/newKeeper.ts'

const parse = (change: object) => () => parseConfig(utf8(JSON.stringify({ ...config, ...change })))
const rpc = { name: 'rpc-a', url: 'http://127.0.0.1:8545/' }
const refused = expect.objectContaining({ code: 'keeper/bad-config' })

test('reads a launch configuration', () => {
  expect(parse({})()).toEqual(config)
})

test.each([
  ['one RPC, whose word nobody would check', { rpcs: [rpc] }],
  ['one RPC named twice', { rpcs: [rpc, rpc] }],
  ['a destination that is no RPC', { rpcs: [rpc, { ...rpc, name: 'log' }] }],
  ['a field it does not know', { trustEverybody: true }],
  ['a challenge that lives for a day', { challengeSeconds: 86_400 }],
])('refuses %s', (_, change) => {
  expect(parse(change)).toThrow(refused)
})

test('refuses what is not JSON', () => {
  expect(() => parseConfig(utf8('{'))).toThrow(refused)
})
