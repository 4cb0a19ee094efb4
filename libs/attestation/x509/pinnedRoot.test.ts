import { toHex } from '@allod/protocol'
import { expect, test } from 'vitest'
import { digest } from '../digest.ts'
import { issueCertificate } from '../testing/issue.ts'
import { newTestKey } from '../testing/testKey.ts'
import { pinnedRoot } from './pinnedRoot.ts'

// One for each test: a root that was met is remembered.
async function newRoot() {
  const { der } = await issueCertificate({ subject: 'Root', key: await newTestKey('P-256'), isCa: true })
  return { der, pins: [toHex(await digest('SHA-256', der))] }
}

function changed(der: Uint8Array): Uint8Array {
  const other = der.slice()
  other[other.length - 1] = (other.at(-1) ?? 0) ^ 1
  return other
}

test('a pinned root is met by its bytes, whoever brings them', async () => {
  const { der, pins } = await newRoot()
  for (const bytes of [der, der.slice()]) expect(await pinnedRoot(bytes, pins)).toMatchObject({ id: pins[0] })
  expect(await pinnedRoot(changed(der), pins)).toBeNull()
})

test('bytes that were believed, and are changed afterwards, make no other root a pinned one', async () => {
  const { der, pins } = await newRoot()
  const lent = der.slice()
  const met = await pinnedRoot(lent, pins)
  lent.set(changed(der))
  expect(await pinnedRoot(changed(der), pins)).toBeNull()
  expect(met?.certificate.der).toEqual(der)
})

test('bytes that are changed while they are hashed are read as they were hashed', async () => {
  const { der, pins } = await newRoot()
  const lent = der.slice()
  const pending = pinnedRoot(lent, pins)
  lent.set(changed(der))
  expect((await pending)?.certificate.der).toEqual(der)
})
