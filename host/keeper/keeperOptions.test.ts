import { expect, test } from 'vitest'
import { keeperOptions } from './keeperOptions.ts'

const whole = ['--data', 'd', '--chip', 'c', '--rootfs', 'r', '--config', 'f']

test('reads a command line', () => {
  const rpcs = ['--rpc', 'rpc-a=http://127.0.0.1:1', '--rpc', 'rpc-b=https://rpc.example/key']
  expect(keeperOptions([...whole, ...rpcs, '--port', '7', '--unisolated'])).toEqual({
    data: 'd',
    chip: 'c',
    rootfs: 'r',
    configFile: 'f',
    port: 7,
    rpcs: { 'rpc-a': 'http://127.0.0.1:1', 'rpc-b': 'https://rpc.example/key' },
    isolation: 'none',
  })
})

test.each([
  ['without a chip', whole.filter((arg) => arg !== '--chip' && arg !== 'c')],
  ['with a destination that is no RPC', [...whole, '--rpc', 'log=http://127.0.0.1:1']],
  ['with a port that is none', [...whole, '--port', 'x']],
])('refuses one %s', (_, args) => {
  expect(() => keeperOptions(args)).toThrow(expect.objectContaining({ code: 'keeper-host/bad-option' }))
})
