import { committeeId } from '@allod/protocol'
import { expect, test } from 'vitest'
import type { HostLink } from '../HostLink.ts'
import { hex32, newOrder } from '../testing/newOrder.ts'
import { fetchJob } from './fetchJob.ts'

const order = await newOrder()
const sends = (value: unknown): HostLink => ({ fetchFrom: () => async () => Response.json(value) })

test('takes a job whose parts agree', async () => {
  expect(await fetchJob(sends(order.job))).toEqual(order.job)
})

test('refuses terms and a spec that the order does not name', async () => {
  const { job } = order
  const terms = { ...job.terms, seconds: job.terms.seconds + 1 }
  await expect(fetchJob(sends({ ...job, terms }))).rejects.toMatchObject({ code: 'protocol/order-terms-mismatch' })
  const spec = { ...job.spec, salt: hex32(3) }
  await expect(fetchJob(sends({ ...job, spec }))).rejects.toMatchObject({ code: 'protocol/spec-mismatch' })
})

test('refuses another committee than the spec names', async () => {
  const committee = { ...order.job.committee, t: 3 }
  await expect(fetchJob(sends({ ...order.job, committee }))).rejects.toMatchObject({
    code: 'runtime/job-inconsistent',
    meta: { part: 'committee', expected: order.job.spec.committee, actual: committeeId(committee) },
  })
})
