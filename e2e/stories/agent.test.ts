import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isRunning, layoutOf, processNames } from '@allod/devnet'
import { type AgentCard, fromBase64Url, type Hex, type Json, type Receipt, requireReceipt } from '@allod/protocol'
import { type AgentVerdict, connect, followOrder, parseOrderRecord, readTranscript } from '@allod/sdk'
import { devnetTrust } from '@allod/sdk/devnet'
import { devnetWallet, openOrderBook, readNetwork, writeJson } from '@allod/sdk/node'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { companyJsonl, generateCompany } from '../../examples/company/generate.ts'
import { packageEngines } from '../demo/packageEngines.ts'
import { publish } from '../demo/publish.ts'
import { tinyModelFolder } from '../tinyModelFolder.ts'
import { startProxy } from './proxy.ts'

// As a person has it: a folder, and in it `.allod`, which `allod up` makes.
const place = mkdtempSync(join(tmpdir(), 'allod-agent-'))
const layout = layoutOf(join(place, '.allod'))
const program = join(import.meta.dirname, '../../user/cli/allod.ts')
const QUESTION = 'Who founded the company?'
const SAME = ['--max-tokens', '16', '--seed', '1']
/** The smallest fine-tuning. */
const SMALL = ['rank=4', 'alpha=8', 'epochs=1', 'rows=8', 'threads=1'].flatMap((word) => ['--param', word])

type Typed = { readonly code: number; readonly stdout: string; readonly stderr: string }

/** What a person types there, and what comes back. */
const allod = (...argv: readonly string[]): Promise<Typed> => typed([...argv, '--as', 'developer'])

function typed(argv: readonly string[], words: { readonly ALLOD_NETWORK?: string } = {}): Promise<Typed> {
  const env = { ...process.env, ALLOD_HOME: join(place, 'home'), ALLOD_NETWORK: words.ALLOD_NETWORK }
  return new Promise((resolve) =>
    execFile(process.execPath, [program, ...argv], { cwd: place, env }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    ),
  )
}

/** The same with `--json`, each line read. */
async function json(...argv: readonly string[]) {
  const { code, stdout } = await allod(...argv, '--json')
  const lines = stdout.trim().split('\n').map(parsed)
  return { code, lines, last: lines.at(-1) }
}

/** What a person types, and a signal as soon as it has shown anything: by then the order is placed. */
async function cutOff(signal: NodeJS.Signals, ...argv: readonly string[]) {
  const env = { ...process.env, ALLOD_HOME: join(place, 'home'), ALLOD_NETWORK: undefined }
  const words = [program, ...argv, '--as', 'developer', '--json']
  const child = spawn(process.execPath, words, { cwd: place, env, stdio: ['ignore', 'pipe', 'ignore'] })
  let said = ''
  child.stdout.on('data', (piece: Buffer) => {
    if (said === '') child.kill(signal)
    said += String(piece)
  })
  const [code] = await once(child, 'close')
  const last = said.slice(0, said.lastIndexOf('\n')).split('\n').at(-1) ?? ''
  return { code: code as number | null, last: last === '' ? null : parsed(last) }
}
const parsed = (line: string): unknown => JSON.parse(line)

const running = () => processNames.filter((name) => isRunning(layout.processes, name))

beforeAll(async () => {
  // It is the network of this folder that comes up, also where other commands are told to use another.
  const [up, engines] = await Promise.all([
    typed(['up', '--json'], { ALLOD_NETWORK: join(place, 'elsewhere.json') }),
    packageEngines(join(place, 'engines')),
  ])
  expect(up).toMatchObject({ code: 0 })
  expect(JSON.parse(up.stdout)).toEqual({ network: 'devnet', description: layout.description })
  const local = await readNetwork(layout.description)
  const wallet = (name: string) => devnetWallet(local, name)
  const cast = {
    modelOwner: await wallet('model-owner'),
    engineAuthor: await wallet('engine-author'),
    provider: await wallet('provider'),
    developer: await wallet('developer'),
  }
  const book = openOrderBook(join(layout.root, 'orders'))
  const stage = { allod: connect(local.network, { trust: devnetTrust(local.network) }), cast, book, seed: 1 }
  await publish({ ...stage, say: () => {} }, engines, tinyModelFolder(join(place, 'model')))
  writeFileSync(join(place, 'rows.jsonl'), companyJsonl(generateCompany(1)))
})
afterAll(async () => {
  await allod('down')
  rmSync(place, { recursive: true, force: true })
})

test('a fine-tuning is deployed, broken off twice: one order is paid and served, and the agent’s card is kept', async () => {
  const rows = ['--model', 'demo-base', '--data', 'rows.jsonl', '--sample', '64']
  const tuned = await json('finetune', ...rows, ...SMALL, '--yes')
  expect(tuned).toMatchObject({ code: 0, last: { step: 'reported' } })
  const { order: model } = tuned.last as { readonly order: Hex }
  const deploy = ['deploy', model, '--name', 'helper', '--seconds', '900', '--yes'] as const
  // Killed and interrupted once it has paid, it goes on with what is placed.
  expect((await cutOff('SIGKILL', ...deploy)).code).toBeNull()
  const interrupted = await cutOff('SIGINT', ...deploy)
  expect(interrupted).toMatchObject({ code: 130, last: { error: { code: 'cli/interrupted' } } })
  const { order: placed } = (interrupted.last as { readonly error: { readonly meta: { readonly order: Hex } } }).error
    .meta
  const deployed = await json(...deploy)
  expect(deployed).toMatchObject({ code: 0, last: { agent: 'helper', order: placed, quote: null } })
  expect((await ordersListed()).map(([, job]) => job)).toEqual(['finetune', 'serve'])
  expect(deployed.lines).toContainEqual(expect.objectContaining({ kind: 'step', step: 'serving' }))
  const { order, card } = deployed.last as { readonly order: Hex; readonly card: AgentCard }
  expect(card).toMatchObject({ name: 'helper', orders: [order] })
  expect((await json('agent', 'list')).last).toEqual([card])
  expect((await json('order', 'get', 'last')).last).toMatchObject({ order, chain: { state: 'active', job: 'serve' } })
})

/** What the kept card's agent said to a question, as `chat --json` prints it. */
type Said = { readonly text: string; readonly receipt: Receipt; readonly request: string; readonly answer: string }

let first: Said
test('the agent verifies by every check, and answers with a receipt of the enclave that was verified', async () => {
  const shown = await allod('verify', 'helper')
  expect(shown).toMatchObject({ code: 0, stdout: expect.not.stringMatching(/[✗?]/) })
  const { code, last } = await json('verify', 'helper')
  const verdict = last as AgentVerdict
  expect([code, verdict.isAccepted, verdict.isHardware]).toEqual([0, true, false])
  expect(verdict.checks.filter((c) => c.result !== 'pass')).toEqual([])
  const names = verdict.checks.map((c) => c.name)
  expect(names).toEqual(
    expect.arrayContaining(['measurement', 'nonce', 'build-approved', 'order-live', 'card-objects']),
  )
  for (const name of names) expect(shown.stdout).toContain(`✓ ${name}:`)
  expect(shown.stdout).toContain(`helper: ${names.length} of ${names.length} checks pass`)
  const asked = await json('chat', 'helper', ...QUESTION.split(' '), ...SAME)
  expect(asked).toMatchObject({
    code: 0,
    last: { agent: 'helper', question: QUESTION, text: expect.stringMatching(/\S/) },
  })
  first = asked.last as Said
  requireReceipt(first.receipt, verdict.enclave)
  const { engine, objects, orders } = verdict.card
  expect(first.receipt).toMatchObject({ engine, order: orders[0], generation: 1 })
  expect([...first.receipt.objects].sort()).toEqual(objects)
  const [request, answer] = [fromBase64Url(first.request), fromBase64Url(first.answer)]
  const { messages, text } = readTranscript({ receipt: first.receipt, request, answer })
  expect([messages, text]).toEqual([[{ role: 'user', content: QUESTION }], first.text])
})

test('an agent whose card is changed by one byte is refused, and nothing is asked of it', async () => {
  const { network } = await readNetwork(layout.description)
  const asked: string[] = []
  const gateway = await startProxy(network.gateway.url, ({ path }, forward) => {
    asked.push(path)
    return forward()
  })
  try {
    const described = JSON.parse(readFileSync(layout.description, 'utf8')) as { readonly [name: string]: Json }
    const there = ['--network', join(layout.root, 'counted.json')]
    await writeJson(join(layout.root, 'counted.json'), { ...described, gateway: { url: gateway.url } })
    const kept = join(layout.root, 'agents/helper.json')
    const whole = readFileSync(kept, 'utf8')
    const { orders, engine, objects } = JSON.parse(whole) as AgentCard
    const refusal = { code: 5, last: { error: { code: 'protocol/wrong-signer' } } }
    const refused = [orders[0], engine, objects[0]].map(String).map(async (id, i) => {
      writeFileSync(join(place, `card-${i}.json`), whole.replace(id, oneByteOff(id)))
      return json('verify', `./card-${i}.json`, ...there)
    })
    expect(await Promise.all(refused)).toMatchObject([refusal, refusal, refusal])
    writeFileSync(kept, whole.replace(engine, oneByteOff(engine)))
    expect(await json('chat', 'helper', QUESTION, ...there)).toMatchObject(refusal)
    expect(asked).toEqual([])
    // As it was, it is asked there for its evidence.
    writeFileSync(kept, whole)
    expect((await allod('verify', 'helper', ...there)).code).toBe(0)
    expect(asked).toEqual([expect.stringContaining(`/o/${orders[0]}/evidence`)])
  } finally {
    await gateway.stop()
  }
})

const oneByteOff = (id: string): string => `${id.slice(0, 20)}${id[20] === '0' ? '1' : '0'}${id.slice(21)}`

test('the network goes down and comes up again, and the same agent answers the same', async () => {
  const known = await Promise.all([ordersListed(), json('agent', 'list')])
  expect(running()).toEqual([...processNames])
  expect(await allod('down')).toMatchObject({ code: 0, stdout: 'the network is down\n' })
  expect(running()).toEqual([])
  expect(await json('offer', 'list')).toMatchObject({ code: 3, last: { error: { code: 'chain/rpc-failed' } } })
  const up = await allod('up')
  // Where it fails, this shows why.
  expect(up).toEqual({ code: 0, stdout: expect.stringContaining(layout.description), stderr: expect.any(String) })
  expect(running()).toEqual([...processNames])
  expect(await Promise.all([ordersListed(), json('agent', 'list')])).toEqual(known)
  await servingAgain()
  expect(await allod('chat', 'helper', QUESTION, ...SAME)).toMatchObject({ code: 0, stdout: `${first.text}\n` })
})

async function ordersListed() {
  const { last } = await json('order', 'list')
  return (last as readonly { readonly order: Hex; readonly job: string }[]).map(({ order, job }) => [order, job])
}

/** Waits until the next enclave of the agent's order serves. */
async function servingAgain(): Promise<void> {
  const { network } = await readNetwork(layout.description)
  const record = parseOrderRecord(await openOrderBook(join(layout.root, 'orders')).get('last'))
  const seen = followOrder(connect(network, { trust: devnetTrust(network) }), record, { idleMs: 180_000 })
  for await (const step of seen) if (step.kind === 'step' && step.step === 'serving' && step.generation > 1) return
  throw new Error('the agent’s order came to an end')
}

test('once its order is ended, nobody can talk to the agent', async () => {
  expect(await json('order', 'cancel', 'last', '--yes')).toMatchObject({ code: 0, last: { was: 'active' } })
  expect(await json('chat', 'helper', QUESTION)).toMatchObject({
    code: 5,
    last: { error: { code: 'sdk/agent-refused', meta: { check: 'order-live', expected: 'active', actual: 'ended' } } },
  })
})
