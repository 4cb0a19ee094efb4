import { fromBase64Url, fromHex, isAllodError, toBase64Url, toHex } from '@allod/protocol'
import { expect, test } from 'vitest'
import { type EvidenceBundle, encodeEvidence, evidenceHash, parseEvidence } from './evidence.ts'
import { simulatedRoot } from './simulated/measurement.ts'
import { newSimulatedSecret, simulatedKey } from './simulated/simulatedKey.ts'
import { simulatedVerifiers } from './simulated/simulatedVerifiers.ts'
import { type Changes, NOW, root, rootId, simulatedBundle } from './testing/simulatedBundle.ts'
import { verify } from './verify.ts'

const check = (bundle: EvidenceBundle, { roots = [rootId], now = NOW } = {}) =>
  verify(bundle, { verifiers: simulatedVerifiers(roots), now })

const refuses = async (
  bundle: EvidenceBundle | Promise<EvidenceBundle>,
  code: string,
  options?: Parameters<typeof check>[1],
) => expect(check(await bundle, options)).rejects.toSatisfy((e) => isAllodError(e, code))

const withCpu = async (cpu: Partial<EvidenceBundle['cpu']>): Promise<EvidenceBundle> => {
  const bundle = await simulatedBundle()
  return { ...bundle, cpu: { ...bundle.cpu, ...cpu } }
}

test('verifies what the simulated chip signed, and says that it is no hardware', async () => {
  const { cpu, devices } = await check(await simulatedBundle())
  expect(cpu).toMatchObject({ kind: 'simulated', isHardware: false, isDebug: false, tcb: 7, root: rootId })
  expect(devices).toMatchObject([{ kind: 'simulated-gpu', isHardware: false, isConfidential: true, firmware: 3 }])
})

test('a bundle survives its own bytes, and its hash names every one of them', async () => {
  const bundle = await simulatedBundle()
  expect(parseEvidence(encodeEvidence(bundle))).toEqual(bundle)
  expect(evidenceHash(await simulatedBundle({ gpus: 0 }))).not.toBe(evidenceHash(bundle))
})

test.each(['tdx', 'sevsnp'] as const)(
  'a program without a verifier for %s says so: attestation/unsupported-kind',
  (kind) => refuses(withCpu({ kind }), 'attestation/unsupported-kind'),
)

test('a program without a verifier for a device says so', async () => {
  const bundle = await simulatedBundle()
  const devices = bundle.devices.map((d) => ({ ...d, kind: 'nvidia-gpu' as const }))
  return refuses({ ...bundle, devices }, 'attestation/unsupported-kind')
})

test('a production program, with no simulated verifier, does not even read simulated evidence', async () =>
  expect(verify(await simulatedBundle(), { verifiers: [], now: NOW })).rejects.toSatisfy((e) =>
    isAllodError(e, 'attestation/unsupported-kind'),
  ))

test('refuses a chain under another root', async () => {
  const stranger = await simulatedKey(await newSimulatedSecret())
  await refuses(simulatedBundle({ root: stranger }), 'attestation/root-untrusted')
  await expect(
    check(await simulatedBundle({ root: stranger }), { roots: [simulatedRoot(stranger.publicKey)] }),
  ).resolves.toBeDefined()
})

test('refuses an endorsement before and after its window', async () => {
  await refuses(simulatedBundle(), 'attestation/endorsement-expired', { now: NOW - 101 })
  await refuses(simulatedBundle(), 'attestation/endorsement-expired', { now: NOW + 1001 })
})

test('refuses no endorsement, two of them, and a GPU’s for a chip', async () => {
  const { cpu, devices } = await simulatedBundle()
  const own = cpu.endorsements[0] ?? ''
  const gpus = devices[0]?.endorsements[0] ?? ''
  for (const endorsements of [[], [own, own], [gpus]])
    await refuses(withCpu({ endorsements }), 'attestation/bad-endorsement')
})

const disagreements: readonly [string, Changes][] = [
  ['another TCB than the report’s', { endorsement: { level: 8 } }],
  ['another chip than the report’s', { endorsement: { id: `0x${'00'.repeat(32)}` } }],
]
test.each(disagreements)('refuses an endorsement of %s', (_, changes) =>
  refuses(simulatedBundle(changes), 'attestation/endorsement-disagrees'),
)

test('refuses a report by another key than the one endorsed', () =>
  refuses(simulatedBundle({ endorsement: { key: root.publicKey } }), 'attestation/bad-evidence'))

test('refuses a report by a key that is no point of the curve', () =>
  refuses(simulatedBundle({ endorsement: { key: `0x04${'11'.repeat(64)}` } }), 'attestation/bad-evidence'))

test('refuses truncated and extended evidence', async () => {
  const evidence = fromBase64Url((await simulatedBundle()).cpu.evidence)
  const longer = new Uint8Array(evidence.length + 1)
  longer.set(evidence)
  for (const bytes of [evidence.subarray(0, -1), longer, new Uint8Array()])
    await refuses(withCpu({ evidence: toBase64Url(bytes) }), 'attestation/bad-evidence')
})

test('refuses a signature in its other form', async () => {
  const evidence = fromBase64Url((await simulatedBundle()).cpu.evidence)
  const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
  const s = BigInt(toHex(evidence.subarray(252)))
  evidence.set(fromHex(`0x${(order - s).toString(16).padStart(64, '0')}`), 252)
  await refuses(withCpu({ evidence: toBase64Url(evidence) }), 'attestation/bad-evidence')
})
