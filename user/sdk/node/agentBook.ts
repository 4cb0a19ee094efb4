import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type AgentCard, agentCardShape, requireAgentCard } from '@allod/protocol'
import { fail } from '../errors.ts'
import { ownFolder, readJson, writeJson } from './files.ts'

/** The agent cards this device knows: pinned by name, so that a changed or older card is noticed. */
export type AgentBook = {
  /** Keeps a card whose history goes on from the one known. @throws protocol/card-rolled-back, protocol/card-of-another-agent */
  save(card: AgentCard): Promise<void>
  /** null where no agent of that name is known. */
  find(name: string): Promise<AgentCard | null>
  /** @throws sdk/unknown-agent */
  get(name: string): Promise<AgentCard>
  list(): Promise<readonly AgentCard[]>
}

const FILE = /^[a-z0-9][a-z0-9-]{0,63}\.json$/

/** Cards as files `<name>.json` in a folder. */
export function openAgentBook(folder: string): AgentBook {
  const find = async (name: string): Promise<AgentCard | null> => {
    if (!FILE.test(`${name}.json`)) return null
    const value = await readJson(join(folder, `${name}.json`))
    return value === null ? null : agentCardShape(value)
  }
  return {
    find,
    async save(card) {
      requireAgentCard(card, await find(card.name))
      await ownFolder(folder)
      await writeJson(join(folder, `${card.name}.json`), card)
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
  }
}
