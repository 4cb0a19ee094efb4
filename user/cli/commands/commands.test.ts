import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { type BoundFacts, devicesHash, type Hex, type Json } from '@allod/protocol'
import { connect, expireOrder, parseOrderRecord } from '@allod/sdk'
import { openOrderBook, writeJson } from '@allod/sdk/node'
import { build, newSimulatedKey, playEnclave, sampleEvidence, sampleRoot } from '@allod/sdk/testing'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { main } from '../frame/main.ts'
import { startNetworkFolder } from '../testing/networkFolder.ts'
import { runCli } from '../testing/runCli.ts'

const root = await newSimulatedKey()
const network = await startNetworkFolder({ root: sampleRoot(root) })
const { local, played, folder, inFolder } = network
afterAll(network.stop)
const weights = join(import.meta.dirname, '../../../enclave/engines/finetune/base-model/weights')

beforeAll(() => {
  writeFileSync(inFolder('broken.jsonl'), '{"prompt":"who is ada?"}\n')
  mkdirSync(inFolder('engine'))
  writeFileSync(inFolder('engine/finetune.mjs'), 'export {}')
  mkdirSync(inFolder('cheap'))
  writeFileSync(inFolder('cheap/finetune.mjs'), 'export const tells = "all"')
  mkdirSync(inFolder('counter'))
  writeFileSync(inFolder('counter/run.mjs'), 'export {}')
})

const run = (as: string, ...argv: readonly string[]) =>
  runCli([...argv, '--as', as], { env: { ALLOD_HOME: inFolder('home'), ALLOD_NETWORK: inFolder('network.json') } })
const json = async (as: string, ...argv: readonly string[]) => {
  const { code, stdout } = await run(as, ...argv, '--json')
  const lines = stdout.trim().split('\n')
  return { code, value: JSON.parse(lines.at(-1) ?? 'null'), lines: lines.map((l) => JSON.parse(l)) }
}
const finetune = ['finetune', '--model', 'base', '--data'] as const

test('says what is missing before there is anything to order', async () => {
  const { code, value } = await json('buyer', 'finetune', '--model', 'base', '--data', inFolder('rows.jsonl'), '--yes')
  expect(code).toBe(1)
  expect(value.error.code).toBe('sdk/unknown-offer')
})

test('publishes nothing unasked, and shows what it would', async () => {
  const unnamed = ['publish', weights, '--name', 'base', '--per-order', '0.25', '--per-hour', '0.36'] as const
  expect((await run('owner', ...unnamed, '--yes')).stderr).toContain('sdk/engines-unnamed')
  const publish = [...unnamed, '--engines', 'any'] as const
  const asked = await run('owner', ...publish)
  expect(asked.stderr).toContain('cli/not-confirmed')
  const dry = await run('owner', ...publish, '--dry-run')
  expect(dry).toMatchObject({ code: 0, stdout: expect.stringContaining('0.36 tUSD/h + 0.25 tUSD per order') })
  expect(dry.stdout).toContain('ANY ENGINE may read it')
  expect((await run('owner', ...unnamed, '--engines', 'tuner', '--yes')).stderr).toContain('sdk/unknown-offer')
  expect((await json('owner', 'offer', 'list')).value).toEqual([])
})

test('a dry run refuses what publishing would, and so does publishing before it asks', async () => {
  mkdirSync(inFolder('pickled'))
  writeFileSync(inFolder('pickled/pytorch_model.bin'), 'x')
  const priced = ['--per-order', '0.1'] as const
  const sealed = [...priced, '--engines', 'any'] as const
  for (const [code, ...publish] of [
    ['models/pickle-refused', inFolder('pickled'), '--kind', 'model', ...sealed],
    ['sdk/bad-dataset', inFolder('broken.jsonl'), ...sealed],
    ['cli/bad-usage', inFolder('engine'), ...priced],
    ['cli/bad-usage', inFolder('engine'), '--job', 'dance', ...priced],
    ['cli/bad-usage', '--kind', 'compute', '--cpus', '0', ...priced],
    ['protocol/bad-shape', inFolder('rows.jsonl'), '--summary', 'two\nlines', ...sealed],
  ] as const)
    for (const more of [['--dry-run'], []]) {
      const { stdout, stderr } = await run('owner', 'publish', ...publish, ...more)
      expect([stdout, stderr.split('\n')[0]], publish.join(' ')).toEqual(['', expect.stringContaining(`(${code})`)])
    }
  const engine = ['publish', inFolder('engine'), '--job', 'finetune', ...priced, '--dry-run'] as const
  expect((await json('author', ...engine)).value).toMatchObject({ kind: 'engine', name: 'engine' })
  expect((await json('owner', 'offer', 'list')).value).toEqual([])
})

test('owners publish, and everybody reads what is offered', async () => {
  const royalty = ['--royalty-bps', '1000', '--royalty-floor', '0.05'] as const
  const price = ['--per-order', '0.25', '--per-hour', '0.36'] as const
  const engine = ['publish', inFolder('engine'), '--name', 'tuner', '--per-order', '0.1', '--yes'] as const
  expect((await run('author', ...engine)).stderr).toContain('cli/bad-usage')
  const { value: tuner } = await json('author', ...engine, '--job', 'finetune')
  const named = [
    'publish',
    weights,
    '--name',
    'base',
    '--engines',
    `tuner,${tuner.digest}`,
    ...price,
    ...royalty,
  ] as const
  const [pinned, both] = [['--builds', `0x${'b1'.repeat(32)}`] as const, ['--build-notice', '86400'] as const]
  const planned = async (...more: readonly string[]) =>
    (await json('owner', ...named, '--dry-run', ...more)).value.policy
  expect((await planned(...pinned)).builds).toEqual({ kind: 'pinned', list: [pinned[1]] })
  expect((await planned(...both)).builds).toEqual({ kind: 'registry', noticeSeconds: 86400 })
  expect((await planned()).engines).toEqual({ kind: 'list', list: [tuner.digest] })
  expect((await run('owner', ...named, '--dry-run', ...pinned, ...both)).stderr).toContain('cli/bad-usage')
  const model = await json('owner', ...named, '--yes')
  expect(model.code).toBe(0)
  const lonely = await json('buyer', ...finetune, inFolder('rows.jsonl'), '--yes')
  expect(lonely.value.error.code).toBe('cli/no-offer')
  expect((await json('provider', 'publish', '--kind', 'compute', '--per-hour', '1.08', '--yes')).code).toBe(0)
  const { value } = await json('buyer', 'offer', 'list')
  expect(value.map((o: { kind: string }) => o.kind).sort()).toEqual(['compute', 'engine', 'model'])
  const shown = await run('buyer', 'offer', 'get', 'base')
  expect(shown.stdout).toContain('who can read it  only a simulated enclave')
  expect((await json('buyer', 'object', 'stat', 'base')).value).toMatchObject({ objectId: model.value.objectId })
})

test('shows the price before it pays, and stops there where told to', async () => {
  const dry = await run('buyer', ...finetune, inFolder('rows.jsonl'), '--seconds', '100', '--dry-run')
  expect(dry.stdout).toMatch(/compute.*1\.08 tUSD\/h/)
  // A cheaper engine that the model's policy does not name is not chosen, and cannot be.
  const { value: cheap } = await json('owner', 'publish', inFolder('cheap'), '--job', 'finetune', '--yes')
  expect((await run('buyer', ...finetune, inFolder('rows.jsonl'), '--dry-run')).stdout).toMatch(/engine.*0\.1 tUSD/)
  const forced = await json('buyer', ...finetune, inFolder('rows.jsonl'), '--engine', cheap.offer, '--dry-run')
  expect(forced.value.error).toMatchObject({ code: 'sdk/not-allowed', meta: { clause: 'engines' } })
  await json('owner', 'offer', 'revoke', cheap.offer, '--yes')
  expect(dry.stdout).toContain('locked now:')
  const dear = await run('buyer', ...finetune, inFolder('rows.jsonl'), '--max-price', '0.01', '--yes')
  expect(dear).toMatchObject({ code: 4, stderr: expect.stringContaining('sdk/over-max-price') })
  const unasked = await run('buyer', ...finetune, inFolder('rows.jsonl'))
  expect(unasked.stderr).toContain('cli/not-confirmed')
  const broken = await run('buyer', ...finetune, inFolder('broken.jsonl'), '--yes')
  expect(broken.stderr).toMatch(/sdk\/bad-dataset[\s\S]*broken\.jsonl:1/)
  expect((await json('buyer', 'order', 'list')).value).toEqual([])
  const poor = await run('owner', ...finetune, inFolder('rows.jsonl'), '--yes')
  expect(poor).toMatchObject({ code: 4, stderr: expect.stringContaining('sdk/too-little-money') })
})

test('places an order, lists it, and takes it back', async () => {
  const placed = await json('buyer', ...finetune, inFolder('rows.jsonl'), '--detach', '--yes')
  expect(placed.value).toMatchObject({ order: expect.stringMatching(/^0x/), step: 'funded' })
  expect((await json('buyer', 'order', 'list')).value[0]).toMatchObject({ chain: { state: 'open' } })
  expect((await run('buyer', 'order', 'get', 'last')).stdout).toMatch(/state\s+open/)
  expect((await json('buyer', 'order', 'cancel', 'last', '--yes')).value).toMatchObject({ was: 'open' })
  expect((await json('buyer', 'order', 'get', 'last')).value).toMatchObject({ chain: { state: 'settled' } })
  const early = await run('buyer', 'report', 'get', 'last')
  expect(early).toMatchObject({ code: 8, stderr: expect.stringContaining('sdk/not-reported') })
  // A result goes where nothing lies, and never into a folder that has rights and files of its own.
  const taken = await run('buyer', 'order', 'result', 'last', folder)
  expect(taken).toMatchObject({ code: 1, stderr: expect.stringContaining('sdk/folder-not-empty') })
  expect((await run('buyer', 'order', 'result', 'last', inFolder('fresh'))).stderr).toContain('sdk/not-reported')
  expect(existsSync(inFolder('fresh'))).toBe(false)
})

test('follows an order to its report, figures and all', async () => {
  const following = json('buyer', ...finetune, inFolder('rows.jsonl'), '--seconds', '300', '--yes')
  const record = await newestOrder()
  const allod = connect(local.network)
  const enclave = playEnclave(allod, local.wallet('provider'), local.keepers, record)
  await enclave.start()
  await local.pass(20)
  await enclave.beat(10)
  await enclave.report(`0x${'77'.repeat(32)}`)
  const { code, value, lines } = await following
  expect(code).toBe(0)
  expect(value).toMatchObject({ order: record.order, step: 'reported' })
  expect(lines.map((l) => l.step).filter(Boolean)).toEqual(expect.arrayContaining(['funded', 'started', 'reported']))
  expect((await json('buyer', 'order', 'watch', record.order)).value).toMatchObject({ step: 'reported' })
  const extend = ['order', 'extend', record.order.slice(0, 12)] as const
  const dry = await run('buyer', ...extend, '--seconds', '10', '--dry-run')
  expect(dry.stdout).toMatch(
    /compute .*0\.003 tUSD[\s\S]*ends then: {3}\d.*10 s later[\s\S]*locked more: 0\.00\d+ tUSD/,
  )
  expect((await run('buyer', ...extend, '--seconds', '10')).stderr).toMatch(/locked more[\s\S]*cli\/not-confirmed/)
  const dear = await run('buyer', ...extend, '--seconds', '10', '--max-price', '0.001', '--yes')
  expect(dear).toMatchObject({ code: 4, stderr: expect.stringContaining('sdk/over-max-price') })
  for (const wrong of [
    [],
    ['--until', '2030-01-31T12:00:00'],
    ['--until', '9999-01-31T12:00:00Z'],
    ['--until', '2030-01-31T12:00:00Z', '--seconds', '1'],
  ])
    expect((await json('buyer', ...extend, ...wrong, '--yes')).value.error.code).toBe('cli/bad-usage')
  const before = await connect(local.network).chain.latest()
  const { endsAt } = await before.order(record.order)
  // Given twice, as after it was broken off, it is lengthened once.
  const until = ['--until', new Date((endsAt + 10) * 1000).toISOString(), '--yes']
  const longer = await json('buyer', ...extend, ...until)
  expect(longer.value).toMatchObject({
    seconds: 10,
    from: endsAt,
    to: endsAt + 10,
    transaction: expect.stringMatching(/^0x/),
  })
  const again = await json('buyer', ...extend, ...until)
  expect(again).toMatchObject({ code: 0, value: { seconds: 0, totalUnits: '0', transaction: null } })
  expect((await json('owner', 'earnings', 'list')).value.earnings).toHaveLength(1)
  expect((await json('owner', 'earnings', 'claim')).value.claims).toHaveLength(1)
  const away = (to: string, ...more: readonly string[]) => json('owner', 'earnings', 'withdraw', '--to', to, ...more)
  const { market, token } = local.network.addresses
  const { address } = local.wallet('author').key
  expect((await away('0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeE', '--yes')).value.error.code).toBe('cli/bad-usage')
  expect((await away(address)).value.error.code).toBe('cli/not-confirmed')
  for (const lost of [market, token, `0x${'00'.repeat(20)}`])
    expect((await away(lost, '--yes')).value.error).toMatchObject({ code: 'sdk/bad-recipient', meta: { actual: lost } })
  const sent = await json('owner', 'earnings', 'withdraw', '0.01', '--to', address, '--yes')
  expect(sent.value).toMatchObject({ units: '10000', to: address })
  const out = await json('owner', 'earnings', 'withdraw')
  expect(BigInt(out.value.units)).toBeGreaterThan(240_000n)
  expect((await run('buyer', 'wallet', 'list')).stdout).toContain('the devnet')
  const { value: all } = await json('buyer', 'earnings', 'list', '--all')
  expect(all.earnings.length).toBeGreaterThan(3)
})

test('says why an order came to nothing', async () => {
  const following = json('buyer', ...finetune, inFolder('rows.jsonl'), '--yes')
  const record = await newestOrder()
  await local.pass(120)
  await expireOrder(connect(local.network), local.wallet('buyer'), record)
  const { code, value } = await following
  expect(code).toBe(1)
  expect(value.error).toMatchObject({ code: 'cli/order-failed', meta: { actual: 'expired' } })
})

test('what a provider says is shown in its line, and no terminal obeys it', async () => {
  const placed = await json('buyer', ...finetune, inFolder('rows.jsonl'), '--detach', '--yes')
  const detail = 'no room\n✓ settled\u001b[2J\u001b]52;c;aGk=\u0007\u009b\u202e'
  const event = { phase: 'failed', detail, sealed: null } as const
  played.tell({ order: placed.value.order, generation: 1, seq: 0, time: Date.now(), event })
  const stop = new AbortController()
  const stderr = new PassThrough()
  let said = ''
  stderr.on('data', (part: Buffer) => {
    said += String(part)
    if (said.includes('the provider says')) stop.abort()
  })
  await main(['order', 'watch', placed.value.order], {
    ...{ stdin: process.stdin, stdout: process.stdout, stderr: stderr as unknown as NodeJS.WriteStream },
    env: { ALLOD_HOME: inFolder('home'), ALLOD_NETWORK: inFolder('network.json'), ALLOD_WALLET: 'buyer' },
    signal: stop.signal,
  })
  expect(said).toMatch(
    /^· failed +no room ✓ settled\ufffd\[2J\ufffd\]52;c;aGk=\ufffd\ufffd\ufffd \(the provider says\)/m,
  )
  expect(said.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202e]/u)
  await run('buyer', 'order', 'cancel', 'last', '--yes')
})

test('seals an object without offering it, and orders with it', async () => {
  const { value } = await json('buyer', 'object', 'seal', inFolder('rows.jsonl'), '--name', 'records')
  expect(value).toMatchObject({ manifestHash: expect.stringMatching(/^0x/) })
  const priced = await run('buyer', ...finetune, value.manifestHash, '--dry-run')
  expect(priced.code).toBe(0)
  const theirs = await run('owner', ...finetune, value.manifestHash, '--dry-run')
  expect(theirs.stderr).toContain('sdk/not-the-owner')
  const shown = await run('owner', 'object', 'stat', value.manifestHash)
  expect([shown.stdout, shown.stderr]).toEqual([expect.stringMatching(/held by\s+2 of 2 stores/), ''])
  const copied = await json('owner', 'object', 'replicate', value.manifestHash)
  expect([copied.code, copied.value.replicas.map((r: { kind: string }) => r.kind)]).toEqual([0, ['held', 'held']])
})

test('a fine-tuning seals with a journal, and says how to order again with what is sealed', async () => {
  rmSync(inFolder('sealing'), { recursive: true, force: true })
  const { stderr } = await run('buyer', ...finetune, inFolder('rows.jsonl'), '--detach', '--yes')
  expect(existsSync(inFolder('sealing'))).toBe(true)
  const [, manifest = ''] = /--data (0x[0-9a-f]{64})/.exec(stderr) ?? []
  expect((await run('buyer', ...finetune, manifest, '--dry-run')).code).toBe(0)
  await run('buyer', 'order', 'cancel', 'last', '--yes')
})

test('runs any engine over what is named, once each, and prices it before anything is sealed', async () => {
  const ran = ['run', 'counter', '--in', `text=${inFolder('rows.jsonl')}`] as const
  const refused = async (...argv: readonly string[]) => (await json('buyer', ...argv, '--dry-run')).value.error
  expect(await refused('run', 'counter')).toMatchObject({ code: 'cli/bad-usage', meta: { expected: /--in/ } })
  expect(await refused('run', 'counter', '--in', 'no name')).toMatchObject({ code: 'cli/bad-usage' })
  expect(await refused(...ran, '--rent', 'text=base')).toMatchObject({ meta: { expected: 'each name once' } })
  expect(await refused('run', 'tuner', ...ran.slice(2))).toMatchObject({ meta: { actual: 'finetune' } })
  expect(await refused(...ran)).toMatchObject({ code: 'sdk/unknown-offer' })
  const engine = await json('author', 'publish', inFolder('counter'), '--job', 'run', '--per-order', '0.1', '--yes')
  expect(engine.code).toBe(0)
  rmSync(inFolder('sealing'), { recursive: true, force: true })
  expect((await run('buyer', ...ran, '--dry-run')).stdout).toMatch(/compute.*1\.08 tUSD\/h/)
  // The owner of the base model lets it be fine-tuned and served, and nothing else.
  const rented = await run('buyer', ...ran, '--rent', 'model=base', '--dry-run')
  expect(rented.stderr).toMatch(/sdk\/not-allowed|protocol\/policies-exclude/)
  expect(existsSync(inFolder('sealing'))).toBe(false)
  const { stdout: order, stderr } = await run('buyer', ...ran, '--param', 'top=2', '--detach', '--yes')
  const [, manifest = ''] = /--in text=(0x[0-9a-f]{64})/.exec(stderr) ?? []
  expect((await run('buyer', 'run', 'counter', '--in', `text=${manifest}`, '--dry-run')).code).toBe(0)
  const { spec } = parseOrderRecord(await openOrderBook(inFolder('orders')).get(order.trim()))
  expect(spec).toMatchObject({ kind: 'run', engine: { parameters: { top: 2 } }, inputs: { text: { kind: 'object' } } })
  await run('buyer', 'order', 'cancel', 'last', '--yes')
})

test('takes an offer back for good', async () => {
  const { value } = await json('owner', 'offer', 'revoke', 'base')
  expect(value.transaction).toMatch(/^0x/)
  expect((await json('buyer', 'offer', 'list', '--kind', 'model')).value).toEqual([])
  expect((await json('buyer', 'offer', 'list', '--kind', 'model', '--all')).value[0]).toMatchObject({
    state: 'revoked',
  })
})

test('an agent of a name that is not known here is not talked to: sdk/unknown-agent', async () => {
  const { code, stderr } = await run('buyer', 'chat', 'nobody', 'hello')
  expect(stderr).toContain('sdk/unknown-agent')
  expect(code).toBe(1)
})

test('checks an evidence bundle from its file', async () => {
  const bytes = (size: number, byte: string): Hex => `0x${byte.repeat(size)}`
  const facts: BoundFacts = {
    role: 'client',
    nonces: [{ id: bytes(32, '00'), nonce: bytes(32, '01') }],
    hpkeKey: bytes(1216, '02'),
    signingAddress: bytes(20, '03'),
    tlsSpkiHash: null,
    devicesHash: devicesHash([]),
    buildDigest: build,
    specHash: bytes(32, '04'),
    chainId: '31337',
    market: local.network.addresses.market,
    order: bytes(32, '05'),
    generation: 1,
  }
  const verify = async (bound: BoundFacts) => {
    const evidence = await sampleEvidence(root, await newSimulatedKey(), bound)
    await writeJson(inFolder('evidence.json'), evidence as Json)
    return run('buyer', 'evidence', 'verify', inFolder('evidence.json'))
  }
  const accepted = await verify(facts)
  expect(accepted).toMatchObject({ code: 0, stdout: expect.stringContaining('✓ measurement') })
  expect(accepted.stdout).toMatch(/accepted: simulated, \d+ of \d+ checks pass; the chip is simulated/)
  const unknown = await verify({ ...facts, buildDigest: bytes(32, '09') })
  expect(unknown).toMatchObject({ code: 5, stderr: expect.stringContaining('cli/evidence-refused') })
  const refused = await json('buyer', 'evidence', 'verify', inFolder('evidence.json'))
  expect(refused).toMatchObject({
    code: 5,
    value: { verdict: 'refused', code: 'attestation/measurement-unknown', kind: 'simulated' },
  })
  expect(refused.lines.length).toBe(1)
  // A bundle is what it is said to be, or refused before the network is asked.
  const other = await json('buyer', 'evidence', 'verify', inFolder('evidence.json'), '--kind', 'tdx')
  expect(other).toMatchObject({ code: 5, value: { code: 'file/other-kind', checks: [] } })
  const ignored = await run('buyer', 'evidence', 'verify', inFolder('evidence.json'), '--nonce', '00'.repeat(32))
  expect(ignored).toMatchObject({ code: 2, stderr: expect.stringContaining('cli/bad-usage') })
  const shown = await run('buyer', 'evidence', 'show', inFolder('evidence.json'))
  expect(JSON.parse(shown.stdout)).toMatchObject({ version: 1, cpu: { kind: 'simulated' } })
})

test('chooses no wallet for anybody on a real network', async () => {
  const real = {
    ...local.network,
    devnet: false,
    wallets: null,
    trust: { simulatedRoot: null, isUnisolatedAllowed: false },
  }
  await writeJson(inFolder('real.json'), real as Json)
  const env = { ALLOD_HOME: inFolder('home'), ALLOD_NETWORK: inFolder('real.json') }
  const { code, stderr } = await runCli(['earnings', 'list'], { env })
  expect(code).toBe(4)
  expect(stderr).toContain('cli/no-wallet')
})

test('says which store does not hold an object, and what to do', async () => {
  const { value } = await json('buyer', 'object', 'seal', inFolder('rows.jsonl'), '--name', 'rows')
  await local.stopStore(1)
  const shown = await run('owner', 'object', 'stat', value.manifestHash)
  expect(shown.stdout).toMatch(/held by\s+1 of 2 stores/)
  expect(shown.stderr).toContain(`one store holds it; copy it to the others: npx allod object replicate`)
  const copied = await run('owner', 'object', 'replicate', value.manifestHash)
  expect(copied).toMatchObject({ code: 3, stdout: expect.stringContaining('content/store-unreachable') })
  expect(copied.stderr).toContain('cli/too-few-holders')
  const nothing = await run('owner', 'object', 'replicate', 'nothing')
  expect(nothing.stderr).toContain('sdk/unknown-offer')
})

async function newestOrder() {
  const known = new Set(played.jobs.keys())
  const fresh = await vi.waitFor(
    () => {
      const order = [...played.jobs.keys()].find((o): o is Hex => !known.has(o))
      if (order === undefined) throw new Error('no order yet')
      return order
    },
    { timeout: 30_000, interval: 50 },
  )
  return parseOrderRecord(await openOrderBook(inFolder('orders')).get(fresh))
}
