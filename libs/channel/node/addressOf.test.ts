import { expect, test } from 'vitest'
import { addressOf } from './addressOf.ts'

test.each([
  ['http://[::1]:8100', { host: '::1', port: 8100 }],
  ['http://[2001:db8::7]/', { host: '2001:db8::7', port: 80 }],
  ['http://store.example:8100/path', { host: 'store.example', port: 8100 }],
  ['http://127.0.0.1', { host: '127.0.0.1', port: 80 }],
  ['https://rpc.example', { host: 'rpc.example', port: 443 }],
])('%s is dialled by its host, without brackets, and its port', (url, target) => {
  expect(addressOf(url)).toEqual(target)
})
