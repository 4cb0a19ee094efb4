import { createServer } from 'node:http'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { GatewayRoutes } from './GatewayRoutes.ts'
import { fill, scratch } from './testing/samples.ts'

const order = fill(32, 1)
const refused = 'provider/gateway-refused'

/** A gateway's admin socket that answers every call with one status and remembers what was asked. */
async function startAdmin(socket: string, status: number) {
  const asked: string[] = []
  const first = Promise.withResolvers<void>()
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const part of request) body += part
    asked.push(`${request.method} ${request.url} ${body}`)
    response.writeHead(status).end()
    first.resolve()
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(socket, resolve))
  return { asked, first: first.promise, [Symbol.asyncDispose]: async () => void server.close().closeAllConnections() }
}

const keep = (socket: string | null, onRefused: (code: string) => void = () => {}) =>
  new GatewayRoutes(socket).keep(order, 2, '/run/agent.sock', onRefused)

test('a route is put at the admin socket, and removed from it', async () => {
  using folder = scratch()
  const socket = join(folder.path, 'admin.sock')
  await using admin = await startAdmin(socket, 200)
  const route = keep(socket)
  await admin.first
  await route.remove()
  expect(admin.asked).toEqual([
    `PUT /routes/${order}/2 {"target":"/run/agent.sock","tlsTarget":null}`,
    `DELETE /routes/${order}/2 `,
  ])
})

test('a gateway that says no is provider/gateway-refused; a route that will not go is left to it', async () => {
  using folder = scratch()
  const socket = join(folder.path, 'admin.sock')
  await using _ = await startAdmin(socket, 409)
  const code = await new Promise<string>((resolve) => {
    const route = keep(socket, (said) => void route.remove().then(() => resolve(said)))
  })
  expect(code).toBe(refused)
})

test('a gateway that comes up later gets the route', async () => {
  using folder = scratch()
  const socket = join(folder.path, 'admin.sock')
  const said: string[] = []
  const down = Promise.withResolvers<void>()
  const route = keep(socket, (code) => {
    said.push(code)
    down.resolve()
  })
  await down.promise
  await using admin = await startAdmin(socket, 200)
  await admin.first
  await route.remove()
  expect(said).toContain(refused)
  expect(admin.asked[0]).toMatch(/^PUT/)
})

test('a provider without a gateway keeps no routes', async () => {
  const said: string[] = []
  await keep(null, (code) => said.push(code)).remove()
  expect(said).toEqual([])
})
