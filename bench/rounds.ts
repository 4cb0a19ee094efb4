import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { newWorld, type World } from '@allod/e2e/world'
import { grantReplyShape, voteReplyShape } from '@allod/protocol'
import { askKeeper, openTaps, type Taps } from './keeperTaps.ts'
import { report } from './measure.ts'

/*
 * Vote and grant by the three keepers of a live network, each attested, in a sandbox of its own, which read the chain at both
 * their endpoints and wait for their log to be on disk. They are asked what enclaves of real orders with two sealed objects
 * ask, with evidence of their chip: taps between provider and keepers keep an enclave's vote request back and ask it again and
 * again while the order is open, then its grant request, once the start is final. Keepers remember no admission, so that the
 * last time costs them what the first does. The enclave waits meanwhile. A round is the time until all three have answered.
 * Left out: finality; challenges and evidence, which the enclave sees to before; the provider's relay of its bytes.
 */

const ORDERS = 4
/** Of each order: few enough that its enclave, which gives a keeper half a minute, does not give up. */
const ROUNDS = 14
const WARM_ROUNDS = 2
const MAX_MS = 500
/** Bounds of what an order's enclave and the chain may take. */
const ARRIVES_MS = 120_000
const START_SECONDS = 300

type Path = '/vote' | '/grant'
const shapes = { '/vote': voteReplyShape, '/grant': grantReplyShape }

const ready = async (child: ChildProcess): Promise<void> => {
  for await (const _ of createInterface({ input: child.stdout as NodeJS.ReadableStream })) return
  throw new Error('the provider ended before it was ready')
}

/** Starts the world's provider anew: one that finds each keeper at its tap. */
async function startTappedProvider({
  layout,
  kill,
}: World): Promise<{ keepers: string[]; taps: Taps; child: ChildProcess }> {
  await kill('provider')
  const data = layout.dataOf('provider')
  const config = JSON.parse(readFileSync(join(data, 'config.json'), 'utf8'))
  const [{ committee, urls }] = config.committees as [{ committee: unknown; urls: string[] }]
  const taps = await openTaps(urls)
  const file = join(data, 'tapped.json')
  writeFileSync(file, JSON.stringify({ ...config, committees: [{ committee, urls: taps.urls }] }))
  const { port } = new URL(JSON.parse(readFileSync(layout.description, 'utf8')).provider.url)
  const main = join(import.meta.dirname, '../host/provider/main.ts')
  const args = [main, '--config', file, '--data', data, '--key', join(data, 'key'), '--port', port]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  await ready(child)
  return { keepers: urls, taps, child }
}

/** Milliseconds until each has answered as it should. */
async function round(keepers: readonly string[], path: Path, body: string): Promise<number> {
  const from = performance.now()
  const answers = await Promise.all(keepers.map((keeper) => askKeeper(keeper, path, body)))
  const ms = performance.now() - from
  for (const answer of answers) {
    if (answer.status !== 200) throw new Error(`${path}: ${answer.body}`)
    shapes[path](JSON.parse(answer.body))
  }
  return ms
}

async function rounds(keepers: readonly string[], path: Path, body: string): Promise<readonly number[]> {
  const times: number[] = []
  for (let i = 0; i < WARM_ROUNDS + ROUNDS; i++) times.push(await round(keepers, path, body))
  return times.slice(WARM_ROUNDS)
}

async function untilFinal(keepers: readonly string[], body: string): Promise<void> {
  for (const until = performance.now() + ARRIVES_MS; ; await delay(250)) {
    const answers = await Promise.all(keepers.map((keeper) => askKeeper(keeper, '/grant', body)))
    if (answers.every(({ status }) => status === 200)) return
    if (performance.now() > until) throw new Error(`no grant: ${answers.map((a) => a.body).join(' ')}`)
  }
}

const arriving = async (body: Promise<string>): Promise<string> => {
  const late = delay(ARRIVES_MS, undefined, { ref: false }).then(() => {
    throw new Error('the enclave asked no keeper')
  })
  return Promise.race([body, late])
}

/** Milliseconds of each round of one order: of its votes, and of its grants. */
async function roundsOfOrder(world: World, keepers: readonly string[], taps: Taps) {
  const [vote, grant] = [taps.hold('/vote'), taps.hold('/grant')]
  const record = await world.order()
  const votes = await rounds(keepers, '/vote', await arriving(vote.body))
  vote.release()
  const asked = await arriving(grant.body)
  await untilFinal(keepers, asked)
  const grants = await rounds(keepers, '/grant', asked)
  grant.release()
  await world.settle(record)
  return votes.map((voteMs, i) => ({ voteMs, grantMs: grants[i] ?? Number.NaN }))
}

const at = (times: readonly number[], share: number): number =>
  [...times].sort((a, b) => a - b)[Math.floor(times.length * share)] ?? Number.NaN

const world = await newWorld({ startSeconds: START_SECONDS })
const { keepers, taps, child } = await startTappedProvider(world)
try {
  const times = []
  for (let i = 0; i < ORDERS; i++) times.push(...(await roundsOfOrder(world, keepers, taps)))
  const kinds = [
    ['vote from three keepers', times.map((t) => t.voteMs), null],
    ['grant from three keepers', times.map((t) => t.grantMs), null],
    ['vote and grant from three keepers', times.map((t) => t.voteMs + t.grantMs), MAX_MS],
  ] as const
  for (const [figure, ms, max] of kinds) {
    report(`${figure}, p50`, at(ms, 0.5), 'ms', null)
    report(`${figure}, p95`, at(ms, 0.95), 'ms', max)
  }
} finally {
  child.kill('SIGTERM')
  await once(child, 'exit')
  await taps.close()
  await world.stop()
}
