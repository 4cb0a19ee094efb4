import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'
import { errorsOf } from '@allod/protocol'

/**
 * Below what Linux hands out to connections on their way out (32768 and up): a network that is stopped finds its ports free
 * when it starts again, where otherwise any connection of the machine may sit on one.
 */
const FIRST = 20_000
const LAST = 32_000
const ATTEMPTS = 1000

const fail = errorsOf('devnet', {
  'no-free-port': [
    'no port of the loopback address is free',
    'stop what listens on 127.0.0.1 between ports 20000 and 32000',
  ],
})

/**
 * So many ports of the loopback address that nobody listens on now, all different.
 * @throws devnet/no-free-port
 */
export async function freePorts(
  count: number,
  { first = FIRST, last = LAST }: { readonly first?: number; readonly last?: number } = {},
): Promise<readonly number[]> {
  const found = new Set<number>()
  for (let attempt = 0; found.size < count; attempt++) {
    if (attempt === ATTEMPTS) throw fail('no-free-port', { expected: count, actual: found.size })
    const port = randomInt(first, last + 1)
    if (await isFree(port)) found.add(port)
  }
  return [...found]
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
