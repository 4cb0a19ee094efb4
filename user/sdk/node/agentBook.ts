import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type AgentCard, agentCardShape, hex, record, requireAgentCard, type Shaped } from '@allod/protocol'
import { fail } from '../errors.ts'
import { ownFolder, readJson, writeJson } from './files.ts'

const begunShape = record({ tuned: hex(32), order: hex(32) })
/** The order that shall serve as an agent and does not yet, and the fine-tuning that it serves. */
type BegunAgent = Shaped<typeof begunShape>

/** The agent cards this device knows: pinned by name, so that a changed or older card is noticed. */
export type AgentBook = {
  /** Keeps a card whose history goes on from the one known. @throws protocol/card-rolled-back, protocol/card-of-another-agent */
  save(card: AgentCard): Promise<void>
  /** null where no agent of that name is known. */
  find(name: string): Promise<AgentCard | null>
  /** @throws sdk/unknown-agent */
  get(name: string): Promise<AgentCard>
  list(): Promise<readonly AgentCard[]>
  /** Keeps which order shall serve as a name, until its card is saved; null where that came to nothing. */
  begin(name: string, order: BegunAgent | null): Promise<void>
  /** null where nothing is under way. */
  begun(name: string): Promise<BegunAgent | null>
}

const FILE = /^[a-z0-9][a-z0-9-]{0,63}\.json$/

/** Cards as files `<name>.json` in a folder. */
export function openAgentBook(folder: string): AgentBook {
  const find = async (name: string): Promise<AgentCard | null> => {
    if (!FILE.test(`${name}.json`)) return null
    const value = await readJson(join(folder, `${name}.json`))
    return value === null ? null : agentCardShape(value)
  }
  // No card's name has a dot.
  const begunPath = (name: string): string => join(folder, `${name}.begun.json`)
  const begun = async (name: string): Promise<BegunAgent | null> => {
    const value = await readJson(begunPath(name))
    return value === null ? null : begunShape(value)
  }
  return {
    find,
    begun,
    async save(card) {
      requireAgentCard(card, await find(card.name))
      await ownFolder(folder)
      await writeJson(join(folder, `${card.name}.json`), card)
      const under = await begun(card.name)
      if (under !== null && card.orders.includes(under.order)) await rm(begunPath(card.name), { force: true })
    },
    async get(name) {
      const card = await find(name)
      if (card === null) throw fail('unknown-agent', { actual: name.slice(0, 80) })
      return card
    },
    async list() {
      const names = (await readdir(folder).catch(() => [])).filter((f) => FILE.test(f)).sort()
      const cards = await Promise.all(names.map((f) => find(f.slice(0, -'.json'.length))))
      return cards.filter((c) => c !== null)
    },
    async begin(name, order) {
      if (order === null) return rm(begunPath(name), { force: true })
      await ownFolder(folder)
      await writeJson(begunPath(name), order)
    },
  }
}
