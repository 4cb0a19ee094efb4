// Vote and grant by three keepers, each a process of its own behind HTTP, over one order with two sealed objects.
// node enclave/keeper/bench/rounds.ts [rounds]
// Left out, because they are measured elsewhere: reading the chain, its finality, the sandbox, the disk under the log.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { serveHttp } from '@allod/channel/node'
import { grantReplyShape, type Hex, voteReplyShape } from '@allod/protocol'
import type { ChainFacts } from '../chain/ChainFacts.ts'
import { answer } from '../http/answer.ts'
import { newCase } from '../testing/newCase.ts'
import { newKeeper } from '../testing/newKeeper.ts'
import { build, hex32, provider, rootId } from '../testing/party.ts'

/** What a keeper's process is told, since it cannot read a chain: the root, and what the chain says. */
type Told = { readonly place: number; readonly root: Hex; readonly latest: ChainFacts; readonly final: ChainFacts }

async function measure(rounds: number): Promise<void> {
  const { admission, facts, model, data } = await newCase()
  const query = {
    order: admission.launch.message.order,
    provider: provider.address,
    build,
    measurement: null,
    objects: [model, data].map(({ objectId }) => ({ objectId, offer: hex32(0) })),
  }
  const { terms } = admission
  const seen = (at: 'latest' | 'final') =>
    withBuild(facts({ ...query, at, release: { terms, enclave: admission.launch.message.enclave, build } }))
  const told = { root: rootId, latest: seen('latest'), final: seen('final') }
  const children = [0, 1, 2].map((place) => {
    const child = fork(import.meta.filename)
    child.send({ ...told, place })
    return child
  })
  const ports = await Promise.all(children.map(async (child) => ((await once(child, 'message')) as [number])[0]))
  const body = JSON.stringify(admission)
  const ask = async (path: string, shape: (value: unknown) => unknown): Promise<number> => {
    const from = performance.now()
    await Promise.all(
      ports.map(async (port) => {
        const response = await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', body })
        shape(await response.json())
      }),
    )
    return performance.now() - from
  }
  const times: { readonly voteMs: number; readonly grantMs: number }[] = []
  for (let i = -5; i < rounds; i++) {
    const time = { voteMs: await ask('/vote', voteReplyShape), grantMs: await ask('/grant', grantReplyShape) }
    // The first rounds only warm the machine up.
    if (i >= 0) times.push(time)
  }
  for (const child of children) child.disconnect()
  const both = times.map((t) => t.voteMs + t.grantMs)
  report(
    'vote from three keepers, p95',
    at(
      times.map((t) => t.voteMs),
      0.95,
    ),
    null,
  )
  report(
    'grant from three keepers, p95',
    at(
      times.map((t) => t.grantMs),
      0.95,
    ),
    null,
  )
  report('vote and grant from three keepers, p50', at(both, 0.5), null)
  report('vote and grant from three keepers, p95', at(both, 0.95), 500)
}

function report(figure: string, value: number, target: number | null): void {
  const passed = target === null ? null : value <= target
  process.stdout.write(`${JSON.stringify({ figure, value, unit: 'ms', target, passed })}\n`)
}

const withBuild = (facts: ChainFacts): ChainFacts => ({
  ...facts,
  build: facts.build && { ...facts.build, measured: build },
})

const at = (times: readonly number[], share: number): number =>
  Math.round([...times].sort((a, b) => a - b)[Math.floor(times.length * share)] ?? 0)

async function serve({ place, root, latest, final }: Told): Promise<void> {
  const keeper = await newKeeper(async ({ at }) => (at === 'latest' ? latest : final), { place, root })
  const service = serveHttp(answer(keeper))
  const server = createServer((socket) => service.accept(socket)).listen(0, '127.0.0.1', () => {
    process.send?.((server.address() as AddressInfo).port)
  })
  process.once('disconnect', () => process.exit(0))
}

if (process.send === undefined) await measure(Number(process.argv[2] ?? 50))
else process.once('message', (told) => void serve(told as Told))
