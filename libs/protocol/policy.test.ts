import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isAllodError } from './AllodError.ts'
import { canonicalise } from './canonical.ts'
import { derivePolicy, intersectPolicies, type NamedPolicy } from './intersectPolicies.ts'
import { type Policy, policyHash, policyShape, type Royalty } from './policy.ts'
import { fill, samplePolicy } from './testing/samples.ts'

const nothing: Royalty = { bps: 0, floorPerSecond: '0', floorPerOrder: '0' }
const some = (bps: number): Royalty => ({ bps, floorPerSecond: '1', floorPerOrder: '1' })
const subset = <T>(...all: T[]) => fc.subarray(all, { minLength: 1 })
const who = fc.oneof(
  fc.constant({ kind: 'any' as const }),
  fc.constant({ kind: 'registered' as const }),
  subset(fill(20, 1), fill(20, 2), fill(20, 3)).map((list) => ({ kind: 'list' as const, list })),
)
const policies: fc.Arbitrary<Policy> = fc
  .record({
    purposes: subset('finetune' as const, 'serve' as const, 'run' as const),
    providers: who,
    kinds: subset('tdx' as const, 'sevsnp' as const),
    tcb: fc.nat(9),
    adapter: fc.constantFrom('never' as const, 'buyer' as const),
    memorisation: fc.option(fc.nat(1000)),
    ttl: fc.integer({ min: 2, max: 900 }),
  })
  .map(({ purposes, providers, kinds, tcb, adapter, memorisation, ttl }) => ({
    ...samplePolicy,
    purposes,
    providers,
    tee: { trust: 'hardware', kinds, minimumTcb: tcb, gpu: 'none' },
    export: { adapter, full: 'never', data: 'never' },
    outputs: { ...samplePolicy.outputs, maxMemorisation: memorisation },
    lease: { ttlSeconds: ttl, graceSeconds: 0 },
  }))

const outcome = (all: readonly Policy[]) => {
  try {
    const terms = intersectPolicies(
      all.map((policy, i) => ({ name: `p${i}`, policy })) as [NamedPolicy, ...NamedPolicy[]],
    )
    return new TextDecoder().decode(canonicalise(sorted(terms) as never))
  } catch (e) {
    if (isAllodError(e, 'protocol/policies-exclude')) return 'excluded'
    throw e
  }
}
const sorted = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(sorted).sort()
    : value && typeof value === 'object'
      ? Object.fromEntries(Object.entries(value).map(([k, v]) => [k, sorted(v)]))
      : value

describe('the intersection of policies', () => {
  test('does not depend on their order', () => {
    fc.assert(
      fc.property(fc.array(policies, { minLength: 1, maxLength: 4 }), (all) => {
        expect(outcome([...all].reverse())).toBe(outcome(all))
      }),
    )
  })

  test('with itself changes nothing', () => {
    fc.assert(
      fc.property(policies, (p) => {
        expect(outcome([p, p])).toBe(outcome([p]))
      }),
    )
  })

  test('never allows what one of them forbids', () => {
    fc.assert(
      fc.property(policies, policies, (a, b) => {
        if (outcome([a, b]) === 'excluded') return
        const terms = intersectPolicies([
          { name: 'a', policy: a },
          { name: 'b', policy: b },
        ])
        for (const p of [a, b]) {
          expect(terms.purposes.every((x) => p.purposes.includes(x))).toBe(true)
          expect(terms.tee.minimumTcb).toBeGreaterThanOrEqual(p.tee.minimumTcb)
          expect(terms.lease.ttlSeconds).toBeLessThanOrEqual(p.lease.ttlSeconds)
          if (p.export.adapter === 'never') expect(terms.export.adapter).toBe('never')
          if (p.outputs.maxMemorisation !== null)
            expect(terms.outputs.maxMemorisation).toBeLessThanOrEqual(p.outputs.maxMemorisation)
        }
      }),
    )
  })

  test('names the clause and both sides where nothing is left', () => {
    const run = () =>
      intersectPolicies([
        { name: 'model', policy: { ...samplePolicy, purposes: ['serve'] } },
        { name: 'dataset', policy: { ...samplePolicy, purposes: ['finetune'] } },
      ])
    expect(run).toThrow(
      expect.objectContaining({
        code: 'protocol/policies-exclude',
        meta: { clause: 'purposes', expected: 'model: ["serve"]', actual: 'dataset: ["finetune"]' },
      }),
    )
  })

  test('never mixes a simulated chip with hardware', () => {
    const simulated: Policy = {
      ...samplePolicy,
      tee: { trust: 'simulated', root: fill(32, 1), minimumTcb: 0, gpu: 'none' },
    }
    expect(outcome([samplePolicy, simulated])).toBe('excluded')
  })
})

describe('a derived policy', () => {
  const parent = (byte: number, self: Royalty, inherited: Record<string, Royalty> = {}) => ({
    objectId: fill(32, byte),
    policy: { ...samplePolicy, royalties: { self, inherited } },
  })

  test('owes what each parent asks and what each parent owes', () => {
    const derived = derivePolicy(fill(20, 9), nothing, [
      parent(1, some(100), { [fill(32, 5)]: some(300) }),
      parent(2, nothing),
    ])
    expect(derived.royalties.inherited).toEqual({ [fill(32, 1)]: some(100), [fill(32, 5)]: some(300) })
    expect(derived.lineage).toEqual([fill(32, 1), fill(32, 2)])
    expect(policyShape(derived)).toEqual(derived)
  })

  test('is refused with more than four ancestors, more than half in royalties, or two stories of one ancestor', () => {
    const make =
      (...parents: Parameters<typeof derivePolicy>[2]) =>
      () =>
        derivePolicy(fill(20, 9), nothing, parents)
    const five = [1, 2, 3, 4, 5].map((n) => parent(n, some(1))) as never as Parameters<typeof derivePolicy>[2]
    expect(make(...five)).toThrow(expect.objectContaining({ code: 'protocol/too-many-ancestors' }))
    expect(make(parent(1, some(3000)), parent(2, some(2001)))).toThrow(
      expect.objectContaining({ code: 'protocol/royalties-too-high' }),
    )
    expect(make(parent(1, some(1)), parent(2, nothing, { [fill(32, 1)]: some(2) }))).toThrow(
      expect.objectContaining({ code: 'protocol/royalty-conflict' }),
    )
  })
})

test('a policy’s hash changes with any clause', () => {
  const hashes = [
    samplePolicy,
    { ...samplePolicy, lineage: [fill(32, 1)] },
    { ...samplePolicy, purposes: ['serve' as const] },
  ].map(policyHash)
  expect(new Set(hashes).size).toBe(3)
})

test('a hardware clause has no field that could name a simulated root', () => {
  const smuggled = { ...samplePolicy, tee: { ...samplePolicy.tee, root: fill(32, 1) } }
  expect(() => policyShape(smuggled)).toThrow(expect.objectContaining({ code: 'protocol/bad-shape' }))
})
