import { createServer, type IncomingMessage } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo, connect, type Server } from 'node:net'
import type { Opener } from '@allod/channel/node'
import { socketDuplex } from '@allod/channel/node'
import { afterAll, expect, test } from 'vitest'
import { rpcCertificate } from '../testing/rpcCertificate.ts'
import { rpcFetch } from './rpcFetch.ts'

const servers: Server[] = []
afterAll(() => {
  for (const server of servers) server.close()
})

/** Listens, and returns a relay whose every destination leads there. */
async function relayTo(server: Server): Promise<Opener> {
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { open: async () => socketDuplex(connect(port, '127.0.0.1')) }
}

const echo = (request: IncomingMessage) => ({
  url: request.url,
  host: request.headers.host,
})

test('asks the endpoint of the configuration, whatever URL it is given', async () => {
  const relay = await relayTo(createServer((request, response) => response.end(JSON.stringify(echo(request)))))
  const send = rpcFetch(relay, { name: 'rpc-a', url: 'http://127.0.0.1:8545/key' })
  const answer = await send('http://elsewhere/', { method: 'POST', body: '{}' })
  expect(await answer.json()).toEqual({ url: '/key', host: '127.0.0.1:8545' })
})

const overTls = () =>
  relayTo(createTlsServer(rpcCertificate, (request, response) => response.end(JSON.stringify(echo(request)))))

test('ends TLS inside, with the certificate of the endpoint’s name', async () => {
  const relay = await overTls()
  const send = rpcFetch(relay, { name: 'rpc-a', url: 'https://rpc.test/' }, { roots: [rpcCertificate.cert] })
  expect(await (await send('', { method: 'POST', body: '{}' })).json()).toEqual({ url: '/', host: 'rpc.test' })
})

test('a host that answers in the endpoint’s place is refused', async () => {
  const relay = await overTls()
  const untrusted = rpcFetch(relay, { name: 'rpc-a', url: 'https://rpc.test/' })
  await expect(untrusted('', { method: 'POST', body: '{}' })).rejects.toThrow(/self-signed/)
  const misnamed = rpcFetch(relay, { name: 'rpc-a', url: 'https://rpc.other/' }, { roots: [rpcCertificate.cert] })
  await expect(misnamed('', { method: 'POST', body: '{}' })).rejects.toThrow(/altnames/)
})
