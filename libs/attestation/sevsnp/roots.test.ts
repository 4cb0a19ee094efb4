import { sha256, toHex } from '@allod/protocol'
import { expect, test } from 'vitest'
import { verifyChain } from '../x509/verifyChain.ts'
import { pinnedRoots } from './pinnedRoots.ts'

// As AMD's key service answers, by others' copies too; see the comments in roots.ts.
const digests = {
  'ARK-Milan': '0x69d063b45344d26a2e94e1f4210de49ef555308287d4c174445c95639a540bcd',
  'ARK-Genoa': '0x4c6598d19c18719c5dfd4a7d335f674e5bfe1d8f800cea2cf270c10d103db2f1',
  'ARK-Turin': '0x1f084161a44bb6d93778a904877d4819cafa5d05ef4193b2ded9dd9c73dd3f6a',
}

test('the pinned roots are AMD’s', () => {
  const { arks } = pinnedRoots()
  expect(Object.fromEntries(arks.map(({ commonName, der }) => [commonName, toHex(sha256(der))]))).toEqual(digests)
})

test('each published intermediate is by its root', async () => {
  const { arks, asks, asvks } = pinnedRoots()
  for (const intermediates of [asks, asvks])
    for (const [i, root] of arks.entries()) {
      const intermediate = intermediates[i]
      if (intermediate === undefined) throw new Error('missing')
      await verifyChain([intermediate], { root, now: 1_790_000_000 })
    }
  expect([...asks, ...asvks].map(({ commonName }) => commonName)).toEqual([
    ...['SEV-Milan', 'SEV-Genoa', 'SEV-Turin'],
    ...['SEV-VLEK-Milan', 'SEV-VLEK-Genoa', 'SEV-VLEK-Turin'],
  ])
})
