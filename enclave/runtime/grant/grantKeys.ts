import { type Hex, isAllodError, type JobDocument, type Secret } from '@allod/protocol'
import type { Elected } from '../attest/collectVotes.ts'
import type { HostLink } from '../HostLink.ts'
import { type Grant, obtainGrant } from './obtainGrant.ts'
import { type OpenedKey, openKeys } from './openKeys.ts'

/**
 * Obtains shares and opens them. The first t keepers to answer are enough where all of their shares are good; where one is
 * bad, those are asked that have not answered yet, because they may only have been slower to see the start final.
 * @throws runtime/not-enough-grants, runtime/facts-disagree, runtime/input-missing, runtime/manifest-mismatch,
 *   content/too-few-shares, content/wrong-key
 */
export async function grantKeys(
  host: HostLink,
  job: JobDocument,
  elected: Elected,
  grantKey: Secret,
  options: { readonly deadlineMs: number; readonly onBadShare: (keeper: Hex, objectId: Hex) => void },
): Promise<{ readonly grant: Grant; readonly opened: readonly OpenedKey[] }> {
  const { deadlineMs, onBadShare } = options
  for (let atLeast = job.committee.t; ; ) {
    const grant = await obtainGrant(host, job, elected, { deadlineMs, atLeast })
    try {
      return { grant, opened: await openKeys(job, grant, grantKey, { onBadShare }) }
    } catch (error) {
      const granted = grant.replies.length
      if (!isAllodError(error, 'content/too-few-shares') || granted === job.committee.members.length) throw error
      atLeast = granted + 1
    }
  }
}
