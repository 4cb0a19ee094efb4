import { equalBytes, fromHex } from '@allod/protocol'
import { expect, test } from 'vitest'
import { parseCertificate } from '../x509/certificate.ts'
import { verifyChain } from '../x509/verifyChain.ts'
import { intermediates } from './intermediates.ts'
import { ownRoots, pinnedRoots } from './pinnedRoots.ts'
import { hasRecordings, recorded } from './testing/recordings.ts'

// As AMD's key service answers, by others' copies too; see the comments in roots.ts.
const digests = {
  'ARK-Milan': '0x69d063b45344d26a2e94e1f4210de49ef555308287d4c174445c95639a540bcd',
  'ARK-Genoa': '0x4c6598d19c18719c5dfd4a7d335f674e5bfe1d8f800cea2cf270c10d103db2f1',
  'ARK-Turin': '0x1f084161a44bb6d93778a904877d4819cafa5d05ef4193b2ded9dd9c73dd3f6a',
}

test('the pinned roots are AMD’s', () => {
  expect(Object.fromEntries(pinnedRoots().map(({ certificate, id }) => [certificate.commonName, id]))).toEqual(digests)
})

test.skipIf(!hasRecordings)('a pinned root says what its certificate says', async () => {
  for (const { certificate: pinned, id } of pinnedRoots()) {
    const name = `amd-roots/${pinned.commonName?.slice(4).toLowerCase()}_ark.der`
    const { certificate, id: recordedId } = (await ownRoots([recorded(name)]))[0] ?? {}
    expect(recordedId).toBe(id)
    const { subject, issuer, spki, notBefore, notAfter, isCa, pathLength, keyUsage } = pinned
    expect(certificate).toMatchObject({ subject, issuer, spki, notBefore, notAfter, isCa, pathLength, keyUsage })
  }
})

test('each published intermediate is by its root', async () => {
  const names: (string | null)[] = []
  for (const hex of intermediates) {
    const intermediate = parseCertificate(fromHex(`0x${hex}`))
    const root = pinnedRoots().find(({ certificate }) => equalBytes(certificate.subject, intermediate.issuer))
    if (root === undefined) throw new Error('no root')
    await verifyChain([intermediate], { root: root.certificate, now: 1_790_000_000 })
    names.push(intermediate.commonName)
  }
  const products = ['Milan', 'Genoa', 'Turin']
  expect(names).toEqual(products.flatMap((product) => [`SEV-${product}`, `SEV-VLEK-${product}`]))
})
