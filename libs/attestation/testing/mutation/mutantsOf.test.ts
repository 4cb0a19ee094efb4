import { describe, expect, test } from 'vitest'
import { mutantsOf } from './mutantsOf.ts'

const inserted = (text: string) => mutantsOf('a.ts', text, 1).text
const taken = (text: string) => mutantsOf('a.ts', text, 1).mutants.map(({ kind, text }) => `${kind}: ${text}`)

describe('what is taken away', () => {
  test('a guard that throws, and each of its reasons', () => {
    expect(taken('if (a) throw b')).toEqual(['guard: a'])
    expect(taken('if (a || b) {\n  c()\n  throw d\n}').sort()).toEqual(['guard: a || b', 'part: a', 'part: b'])
  })

  test('a guard that says no', () => {
    expect(taken('function f() { if (a) return false }')).toEqual(['guard: a'])
    expect(taken('function f() { if (a) return null }')).toEqual(['guard: a'])
  })

  test('each condition of a conjunction, but not those that only together refuse', () => {
    expect(taken('const x = a && (b || c)').sort()).toEqual(['part: (b || c)', 'part: a'])
    expect(taken('if (a && b) throw c')).toEqual(['guard: a && b'])
    expect(taken('if (!(a && b)) throw c').sort()).toEqual(['guard: !(a && b)', 'part: a', 'part: b'])
    expect(taken('if (a || (b && c)) throw d').sort()).toEqual(['guard: a || (b && c)', 'part: (b && c)', 'part: a'])
  })

  test('a requirement, and the result of a check', () => {
    expect(taken('requireThis(a)\nawait requireThat(b)')).toEqual([
      'call: requireThis(a)',
      'call: await requireThat(b)',
    ])
    expect(taken('const own = (): Check => made\nconst all = [same(a), own()]')).toEqual([
      'verdict: same(a)',
      'verdict: own()',
    ])
    expect(taken('const c = { name, result: a, refusal: b }')).toEqual(['verdict: { name, result: a, refusal: b }'])
  })

  test('nothing else', () => {
    expect(
      taken('if (a) b()\nif (a) throw b\nelse c()\nfor (const x of y) z(x)\nfunction f() { return a || b }'),
    ).toEqual([])
  })
})

describe('the text with its mutants', () => {
  test('asks only where the answer matters', () => {
    expect(inserted('// why\nif (a) throw b')).toBe('// why\nif (((a) && !globalThis.mutation(1))) throw b')
    expect(inserted('const x = a && b')).toBe(
      'const x = ((a) || globalThis.mutation(1)) && ((b) || globalThis.mutation(2))',
    )
    expect(inserted('requireThis(a)')).toBe('if (!globalThis.mutation(1)) requireThis(a)')
    expect(inserted('const c = [check(a)]')).toBe('const c = [globalThis.verdict(1, check(a))]')
  })

  test('is the same text where there is nothing to take away', () => {
    const text = '/** Why. */\nexport const a = (b: number): number => b * 2 // so\n'
    expect(inserted(text)).toBe(text)
  })

  test('counts ids on, and tells where each stands', () => {
    const { mutants } = mutantsOf('a.ts', '\nif (a) throw b\nif (c) throw d', 7)
    expect(mutants.map(({ id, line }) => [id, line])).toEqual([
      [7, 2],
      [8, 3],
    ])
  })
})
