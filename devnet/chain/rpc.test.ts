import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { rpc } from './rpc.ts'

/** A chain that gives every call one answer. */
async function startChain(answer: string) {
  const asked: unknown[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const part of request) body += part
    asked.push(JSON.parse(body))
    response.end(answer)
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return { asked, stop, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, [Symbol.asyncDispose]: stop }
}

test('a call gives the chain’s result', async () => {
  await using chain = await startChain('{"jsonrpc":"2.0","id":1,"result":"0x10"}')
  expect(await rpc(chain.url, 'anvil_mine', ['0x4'])).toBe('0x10')
  expect(chain.asked).toEqual([{ jsonrpc: '2.0', id: 1, method: 'anvil_mine', params: ['0x4'] }])
})

test('what the chain refuses is devnet/chain-refused, in its words', async () => {
  await using chain = await startChain('{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"no such method"}}')
  await expect(rpc(chain.url, 'eth_nothing')).rejects.toThrow(
    expect.objectContaining({
      code: 'devnet/chain-refused',
      meta: { actual: 'no such method', method: 'eth_nothing' },
    }),
  )
})

test.each(['<html>', '', 'null', '7'])(
  'an answer that is none of a chain’s, %j, is devnet/chain-unreachable',
  async (answer) => {
    await using chain = await startChain(answer)
    await expect(rpc(chain.url, 'eth_chainId')).rejects.toThrow(
      expect.objectContaining({ code: 'devnet/chain-unreachable', meta: { actual: chain.url } }),
    )
  },
)

test('a chain that is gone is devnet/chain-unreachable', async () => {
  const chain = await startChain('')
  await chain.stop()
  await expect(rpc(chain.url, 'eth_chainId')).rejects.toThrow(
    expect.objectContaining({ code: 'devnet/chain-unreachable', meta: { actual: chain.url } }),
  )
})
