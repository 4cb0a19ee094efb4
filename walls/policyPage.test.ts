import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { explainPolicy, parseEvidencePolicy, strictEvidence } from '@allod/attestation'
import { expect, test } from 'vitest'
import { root } from './imports.ts'

const page = readFileSync(join(root, 'docs/reference/policy.md'), 'utf8')

/** Every field by its path; `null` and lists are values. */
function fieldsOf(value: object, path = ''): readonly (readonly [path: string, strict: string])[] {
  return Object.entries(value).flatMap(([name, inner]) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? fieldsOf(inner, `${path}${name}.`)
      : [[`${path}${name}`, JSON.stringify(inner)] as const],
  )
}

test('the page of the evidence policy has every field with its strict value, and no other', () => {
  const rows = [...page.matchAll(/^\| `([A-Za-z0-9.]+)` \| `([^`]+)` \|/gm)].map(([, path, strict]) => [path, strict])
  expect(rows).toEqual(fieldsOf(strictEvidence))
})

test('the example on that page is a policy', () => {
  const [, example = ''] = /```json\n([\s\S]*?)```/.exec(page) ?? []
  const policy = parseEvidencePolicy(JSON.parse(example))
  expect(policy.exceptions).toEqual(['revocation-unknown'])
  expect(explainPolicy(policy).join('\n')).toContain('at least fmc 0, bootloader 10')
})
