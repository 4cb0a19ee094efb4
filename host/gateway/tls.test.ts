import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { type AddressInfo, connect as connectTcp } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, createServer, type Server, type TLSSocket } from 'node:tls'
import { fileURLToPath } from 'node:url'
import type { Hex } from '@allod/protocol'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { orderLabel } from './orderName.ts'
import { type RunningGateway, startGateway } from './startGateway.ts'
import { adminOf } from './testing/adminOf.ts'

const order: Hex = `0x${'5a'.repeat(32)}`
let folder: string
let gateway: RunningGateway
let enclave: Server
let cert: Buffer

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tls-'))
  const pem = (name: string): string => join(folder, name)
  const subject = [
    '-subj',
    '/CN=enclave',
    '-days',
    '1',
    '-nodes',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
  ]
  execFileSync('openssl', ['req', '-x509', ...subject, '-keyout', pem('key.pem'), '-out', pem('cert.pem')], {
    stdio: 'ignore',
  })
  cert = readFileSync(pem('cert.pem'))
  enclave = createServer({ key: readFileSync(pem('key.pem')), cert }, (socket) => socket.pipe(socket))
  enclave.listen(0, '127.0.0.1')
  await once(enclave, 'listening')
  gateway = await startGateway({
    port: 0,
    tlsPort: 0,
    host: '127.0.0.1',
    admin: join(folder, 'admin.sock'),
    state: null,
    domain: 'allod.localhost',
    limits: { helloMs: 3000, stopMs: 100 },
  })
  const tlsTarget = `127.0.0.1:${(enclave.address() as AddressInfo).port}`
  await adminOf(join(folder, 'admin.sock'), 'PUT', `/routes/${order}/1`, { target: '/nowhere', tlsTarget })
  await adminOf(join(folder, 'admin.sock'), 'PUT', `/routes/0x${'5b'.repeat(32)}/1`, { target: '/nowhere' })
})
afterAll(async () => {
  await gateway.stop()
  enclave.close()
  rmSync(folder, { recursive: true })
})

function dial(servername: string, port = gateway.tlsPort): TLSSocket {
  return connect({
    host: '127.0.0.1',
    port: port ?? 0,
    servername,
    ca: cert,
    checkServerIdentity: () => undefined,
  })
}

test('passes TLS through to the enclave that the name names, unopened', async () => {
  const socket = dial(`${orderLabel(order)}.allod.localhost`)
  await once(socket, 'secureConnect')
  expect(
    socket.getPeerCertificate().raw.equals(Buffer.from(cert.toString().replace(/-+[A-Z ]+-+|\s/g, ''), 'base64')),
  ).toBe(true)
  const sent = Buffer.alloc(500_000, 3)
  socket.end(sent)
  const parts: Buffer[] = []
  for await (const part of socket) parts.push(part as Buffer)
  expect(Buffer.concat(parts).equals(sent)).toBe(true)
})

test('a name of nobody, of another domain, or of an enclave without TLS gets an alert', async () => {
  const names = [orderLabel(`0x${'00'.repeat(32)}`), orderLabel(`0x${'5b'.repeat(32)}`), 'www'].map(
    (label) => `${label}.allod.localhost`,
  )
  for (const name of [...names, `${orderLabel(order)}.example.com`, orderLabel(order)]) {
    const [error] = (await once(dial(name), 'error')) as [NodeJS.ErrnoException]
    expect(error.code, name).toBe('ERR_SSL_TLSV1_UNRECOGNIZED_NAME')
  }
})

test('a connection that is never silent is dropped after the longest exchange, and gives its place back', async () => {
  const admin = join(folder, 'short.sock')
  const short = await startGateway({
    ...{ port: 0, tlsPort: 0, host: '127.0.0.1', admin, state: null, domain: 'allod.localhost' },
    limits: { exchangeMs: 1500, activePerRoute: 1, stopMs: 100 },
  })
  try {
    const tlsTarget = `127.0.0.1:${(enclave.address() as AddressInfo).port}`
    await adminOf(admin, 'PUT', `/routes/${order}/1`, { target: '/nowhere', tlsTarget })
    for (let turn = 0; turn < 2; turn++) {
      const socket = dial(`${orderLabel(order)}.allod.localhost`, short.tlsPort)
      await once(socket, 'secureConnect')
      // What was on its way when it was dropped resets it, which is no failure here.
      const dropped = new Promise((resolve) => socket.once('close', resolve))
      socket.on('data', () => socket.write('.')).on('error', () => undefined)
      socket.write('.')
      await dropped
    }
  } finally {
    await short.stop()
  }
})

test('what is not TLS, or says nothing, is dropped', async () => {
  for (const bytes of [Buffer.from('GET / HTTP/1.1\r\n\r\n'), Buffer.alloc(0)]) {
    const socket = connectTcp(gateway.tlsPort ?? 0, '127.0.0.1')
    socket.write(bytes)
    socket.resume()
    await once(socket, 'close')
  }
})

test('as a program: says when it is ready, serves, and ends when told', async () => {
  const main = fileURLToPath(new URL('./main.ts', import.meta.url))
  const admin = join(folder, 'program.sock')
  const program = spawn(process.execPath, [
    main,
    '--admin',
    admin,
    '--tls-port',
    '0',
    '--state',
    join(folder, 'routes.json'),
  ])
  try {
    const [line] = (await once(program.stdout, 'data')) as [Buffer]
    const ready = JSON.parse(line.toString()) as { port: number; tlsPort: number }
    expect(ready).toMatchObject({ ready: true, admin, domain: 'allod.localhost' })
    expect((await fetch(`http://127.0.0.1:${ready.port}/o/${order}/`)).status).toBe(404)
    expect((await adminOf(admin, 'GET', '/routes')).value).toEqual({ routes: [] })
  } finally {
    program.kill('SIGTERM')
  }
  expect(await once(program, 'exit')).toEqual([0, null])
})

test('as a program: wrong arguments are told by a code', async () => {
  const main = fileURLToPath(new URL('./main.ts', import.meta.url))
  const program = spawn(process.execPath, [main, '--admin', '/a', '--port', '99999'])
  const [line] = (await once(program.stderr, 'data')) as [Buffer]
  expect(line.toString()).toContain('gateway/bad-arguments')
  expect(await once(program, 'exit')).toEqual([1, null])
})
