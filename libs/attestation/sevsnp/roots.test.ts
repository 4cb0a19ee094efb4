import { equalBytes, fromHex, sha256, toHex } from '@allod/protocol'
import { expect, test } from 'vitest'
import { parseCertificate } from '../x509/certificate.ts'
import { verifyChain } from '../x509/verifyChain.ts'
import { intermediates } from './intermediates.ts'
import { pinnedRoots } from './pinnedRoots.ts'

// As AMD's key service answers, by others' copies too; see the comments in roots.ts.
const digests = {
  'ARK-Milan': '0x69d063b45344d26a2e94e1f4210de49ef555308287d4c174445c95639a540bcd',
  'ARK-Genoa': '0x4c6598d19c18719c5dfd4a7d335f674e5bfe1d8f800cea2cf270c10d103db2f1',
  'ARK-Turin': '0x1f084161a44bb6d93778a904877d4819cafa5d05ef4193b2ded9dd9c73dd3f6a',
}

test('the pinned roots are AMD’s', () => {
  const roots = pinnedRoots()
  expect(Object.fromEntries(roots.map(({ commonName, der }) => [commonName, toHex(sha256(der))]))).toEqual(digests)
})

test('each published intermediate is by its root', async () => {
  const names: (string | null)[] = []
  for (const hex of intermediates) {
    const intermediate = parseCertificate(fromHex(`0x${hex}`))
    const root = pinnedRoots().find(({ subject }) => equalBytes(subject, intermediate.issuer))
    if (root === undefined) throw new Error('no root')
    await verifyChain([intermediate], { root, now: 1_790_000_000 })
    names.push(intermediate.commonName)
  }
  const products = ['Milan', 'Genoa', 'Turin']
  expect(names).toEqual(products.flatMap((product) => [`SEV-${product}`, `SEV-VLEK-${product}`]))
})
