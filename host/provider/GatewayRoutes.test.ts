import { createServer } from 'node:http'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { GatewayRoutes } from './GatewayRoutes.ts'
import { fill, scratch } from './testing/samples.ts'

const order = fill(32, 1)
const refused = expect.objectContaining({ code: 'provider/gateway-refused' })

/** A gateway's admin socket that answers every call with one status and remembers what was asked. */
async function startAdmin(socket: string, status: number) {
  const asked: string[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const part of request) body += part
    asked.push(`${request.method} ${request.url} ${body}`)
    response.writeHead(status).end()
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(socket, resolve))
  return { asked, [Symbol.asyncDispose]: async () => void server.close().closeAllConnections() }
}

test('a route is added and removed at the admin socket', async () => {
  using folder = scratch()
  const socket = join(folder.path, 'admin.sock')
  await using admin = await startAdmin(socket, 200)
  const routes = new GatewayRoutes(socket)
  await routes.add(order, 2, '/run/agent.sock')
  await routes.remove(order, 2)
  expect(admin.asked).toEqual([
    `PUT /routes/${order}/2 {"target":"/run/agent.sock","tlsTarget":null}`,
    `DELETE /routes/${order}/2 `,
  ])
})

test('a gateway that says no is provider/gateway-refused; a route that will not go is left to it', async () => {
  using folder = scratch()
  const socket = join(folder.path, 'admin.sock')
  await using _ = await startAdmin(socket, 409)
  const routes = new GatewayRoutes(socket)
  await expect(routes.add(order, 1, '/run/agent.sock')).rejects.toThrow(refused)
  await expect(routes.remove(order, 1)).resolves.toBeUndefined()
})

test('a gateway that is not there is provider/gateway-refused', async () => {
  using folder = scratch()
  await expect(new GatewayRoutes(join(folder.path, 'none.sock')).add(order, 1, 'x')).rejects.toThrow(refused)
})

test('a provider without a gateway adds no routes', async () => {
  await expect(new GatewayRoutes(null).add(order, 1, 'x')).resolves.toBeUndefined()
})
