import { expect, test } from 'vitest'
import { codeOf } from '../../testing/codeOf.ts'
import { type CertificateFacts, issueCertificate } from '../../testing/issue.ts'
import { ocspSigning } from '../../testing/issueOcsp.ts'
import { newRimSigner } from '../../testing/rimIssuer.ts'
import { newTestKey } from '../../testing/testKey.ts'
import { signerChain } from './signerChain.ts'

const NOW = 1_700_000_000
const { chain } = await newRimSigner()
const [, l3, l2, root] = chain
const key = await newTestKey('P-384')

async function judge(facts: Partial<CertificateFacts>): Promise<string> {
  if (l3 === undefined || root === undefined) throw new Error('no chain')
  const leaf = await issueCertificate({ subject: 'Test leaf', key, issuer: l3, ...facts })
  return codeOf(() =>
    signerChain(
      [leaf, ...chain.slice(1)].map(({ der }) => der),
      root.der,
      NOW,
    ),
  )
}

test('takes a leaf for a signer of manifests that may sign, and was not appointed for one purpose alone', async () => {
  expect(await judge({})).toBe('accepted')
  expect(await judge({ extensions: [ocspSigning()] })).toBe('rim/bad-chain')
  expect(await judge({ keyUsage: ['keyAgreement'] })).toBe('rim/bad-chain')
  expect(await judge({ keyUsage: null })).toBe('rim/bad-chain')
  expect(await judge({ isCa: true, keyUsage: ['digitalSignature'] })).toBe('rim/bad-chain')
})

test('a chain that is whole but shorter than NVIDIA’s is refused', async () => {
  if (l2 === undefined || root === undefined) throw new Error('no chain')
  const leaf = await issueCertificate({ subject: 'Test leaf', key, issuer: l2 })
  const short = [leaf, l2, root].map(({ der }) => der)
  expect(await codeOf(() => signerChain(short, root.der, NOW))).toBe('rim/bad-chain')
})

test('a leaf that is no signer is refused in words of its own', async () => {
  if (l3 === undefined || root === undefined) throw new Error('no chain')
  const leaf = await issueCertificate({ subject: 'Test leaf', key, issuer: l3, keyUsage: null })
  const ders = [leaf, ...chain.slice(1)].map(({ der }) => der)
  const refusal = await signerChain(ders, root.der, NOW).catch((error: unknown) => error)
  expect(refusal).toMatchObject({ code: 'rim/bad-chain', meta: { expected: 'a signer' } })
  expect(refusal).not.toHaveProperty('meta.reason')
})
