/*
 * A guest for tests: connects to its host once, answers one JSON request a line, and does inside the sandbox what a
 * runtime does there, or what a hostile one would try.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { openChipDevice } from '@allod/attestation/simulated/device'
import { type BoundFacts, devicesHash, fromBase64Url, gpuNonce, reportData } from '@allod/protocol'

import { type EngineLimits, launchEngine } from '@allod/runtime/engineSandbox'

type Request =
  | { do: 'evidence'; facts: Omit<BoundFacts, 'devicesHash'>; gpu: boolean }
  | { do: 'look' }
  | { do: 'network'; family: 4 | 6 }
  | { do: 'write'; path: string }
  | { do: 'eat' }
  | { do: 'fork' }
  | { do: 'exit'; code: number }
  | { do: 'engine'; source: string; limits: EngineLimits; files: Record<string, string>; isServe: boolean }

const flag = process.argv.indexOf('--unisolated')
const base = flag < 0 ? '/' : (process.argv[flag + 1] as string)
const chip = openChipDevice(join(base, 'run/chip.sock'))
const host = connect(join(base, 'run/host.sock'))
let engines = 0

host.on('close', () => process.exit(0))
host.on('error', () => process.exit(1))
createInterface({ input: host }).on('line', async (line) => {
  let reply: unknown
  try {
    reply = { ok: await handle(JSON.parse(line) as Request) }
  } catch (error) {
    const { code, message } = error as { code?: string; message?: string }
    reply = { error: { code, message } }
  }
  host.write(`${JSON.stringify(reply)}\n`)
})

async function handle(request: Request): Promise<unknown> {
  switch (request.do) {
    case 'evidence':
      return evidence(request)
    case 'look':
      return look()
    case 'network':
      return network(request.family)
    case 'write':
      return writeFileSync(request.path, 'x')
    case 'eat':
      return eat()
    case 'fork':
      return forks()
    case 'exit':
      return process.exit(request.code)
    case 'engine':
      return engine(request)
  }
}

async function evidence({ facts, gpu }: Request & { do: 'evidence' }): Promise<unknown> {
  const nonce = gpuNonce(facts.nonces, facts.hpkeKey)
  const devices = gpu ? await chip.deviceEvidence(nonce) : []
  const bound: BoundFacts = { ...facts, devicesHash: devicesHash(devices.map((d) => fromBase64Url(d.evidence))) }
  return { version: 1, cpu: await chip.cpuEvidence(reportData(bound)), devices, bound }
}

function look(): unknown {
  const read = (path: string) => readFileSync(path, 'utf8')
  return {
    env: process.env,
    firstEnviron: read('/proc/1/environ'),
    config: read(join(base, 'config.json')),
    root: readdirSync('/').sort(),
    pids: readdirSync('/proc').filter((name) => /^\d+$/.test(name)),
    descriptors: readdirSync('/proc/self/fd').length,
    status: read('/proc/self/status'),
    limits: read('/proc/self/limits'),
    argv: process.argv,
    execArgv: process.execArgv,
  }
}

function network(family: 4 | 6): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>()
  const socket = connect({ host: family === 4 ? '1.1.1.1' : '2606:4700:4700::1111', port: 443, family })
  socket.once('connect', () => resolve('connected'))
  socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error'))
  return promise
}

function eat(): never {
  const kept: Buffer[] = []
  for (;;) kept.push(Buffer.alloc(16 << 20, 1))
}

async function forks(): Promise<{ started: number; code: string | undefined }> {
  const { spawn } = await import('node:child_process')
  const started: { pid?: number | undefined; kill(): boolean }[] = []
  for (let i = 0; i < 5000; i++) {
    const child = spawn('/bin/node', ['-e', 'setInterval(() => {}, 1000)'], { env: {}, stdio: 'ignore' })
    child.on('error', () => {})
    if (child.pid === undefined) {
      for (const one of started) one.kill()
      return { started: i, code: 'EAGAIN' }
    }
    started.push(child)
  }
  return { started: started.length, code: undefined }
}

async function engine({ source, limits, files, isServe }: Request & { do: 'engine' }): Promise<unknown> {
  const number = engines++
  const folder = (name: string, root = 'work') => {
    const path = join(base, root, `${name}-${number}`)
    mkdirSync(path, { recursive: true })
    return path
  }
  const folders = {
    engine: folder('engine'),
    input: folder('in'),
    output: isServe ? null : folder('out', 'out'),
    run: isServe ? folder('run') : null,
  }
  writeFileSync(join(folders.engine, 'main.mjs'), source)
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folders.input, name), text)
  const running = await launchEngine({
    folders,
    limits,
    program: ['/engine/main.mjs', '/in', isServe ? '/run' : '/out'],
    isolation: flag < 0 ? 'bubblewrap' : 'none',
  })
  const exit = await running.exit
  const { output } = folders
  const outputs = output === null ? {} : Object.fromEntries(readdirSync(output).map((n) => [n, readText(output, n)]))
  return { exit, outputs }
}

const readText = (folder: string, name: string): string => readFileSync(join(folder, name), 'utf8').slice(0, 10_000)
