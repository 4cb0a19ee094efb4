import { type AddressInfo, createServer } from 'node:net'
import { expect, test } from 'vitest'
import { freePorts } from './freePorts.ts'

test('ports are all different, and below what the system gives to connections on their way out', async () => {
  const ports = await freePorts(8)
  expect(new Set(ports).size).toBe(8)
  for (const port of ports) expect(port).toBeLessThan(32_768)
})

test('where every port is taken: devnet/no-free-port', async () => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const refused = expect.objectContaining({ code: 'devnet/no-free-port' })
  await expect(freePorts(1, { first: port, last: port })).rejects.toThrow(refused)
  await new Promise((resolve) => server.close(resolve))
  expect(await freePorts(1, { first: port, last: port })).toEqual([port])
})
