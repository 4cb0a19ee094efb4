import { toBase64Url, utf8 } from '@allod/protocol'
import { expect, test } from 'vitest'
import type { HostLink } from '../HostLink.ts'
import { endorseBy } from './endorseBy.ts'

const hostThatSays = (answer: unknown, status = 200) => {
  const asked: unknown[] = []
  const host: HostLink = {
    fetchFrom: (destination) => async (path, init) => {
      asked.push([destination, path, JSON.parse(String(init?.body))])
      return Response.json(answer, { status })
    },
  }
  return { host, asked }
}

test('what came with the evidence goes along, and what the host brings is added to it', async () => {
  const { host, asked } = hostThatSays({ endorsements: [toBase64Url(utf8('a list'))] })
  const endorsements = await endorseBy(host)('sevsnp', utf8('a report'), utf8('a table'))
  expect(endorsements.map((e) => Buffer.from(e).toString())).toEqual(['a table', 'a list'])
  const body = {
    kind: 'sevsnp',
    evidence: toBase64Url(utf8('a report')),
    endorsements: [toBase64Url(utf8('a table'))],
  }
  expect(asked).toEqual([['provider', '/collateral', body]])
})

test('a host that brings something else brings nothing', async () => {
  const { host } = hostThatSays({ endorsements: ['not base64url!'] })
  await expect(endorseBy(host)('tdx', utf8('a quote'), null)).rejects.toMatchObject({ code: 'protocol/bad-shape' })
})
