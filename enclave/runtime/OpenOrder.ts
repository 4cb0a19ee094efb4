import type { Store } from '@allod/content/stores'
import type { JobDocument, Secret, Terms } from '@allod/protocol'
import type { Elected } from './attest/collectVotes.ts'
import type { Attester } from './attest/gatherEvidence.ts'
import type { EnclaveKeys } from './attest/newEnclaveKeys.ts'
import type { Events } from './Events.ts'
import type { Grant } from './grant/obtainGrant.ts'
import type { OpenedKey } from './grant/openKeys.ts'
import type { HostLink } from './HostLink.ts'
import type { Inbound } from './Inbound.ts'
import type { LeaseKeeper, LeaseState } from './lease/LeaseKeeper.ts'
import type { Places } from './places.ts'

/** An order whose inputs are open: everything a job needs. */
export type OpenOrder = {
  readonly host: HostLink
  readonly attester: Attester
  readonly job: JobDocument
  readonly keys: EnclaveKeys
  readonly elected: Elected
  readonly grant: Grant
  readonly opened: readonly OpenedKey[]
  readonly stores: readonly Store[]
  /** What all inputs' policies allow together. */
  readonly terms: Terms
  readonly places: Places
  readonly events: Events
  readonly lease: LeaseKeeper
  readonly inbound: Inbound
  readonly startedAt: number
  /** What checkpoints are sealed under; null where none are made. */
  readonly resumeKey: Secret | null
  /** Pauses, resumes or ends the engine as the lease says; set once it runs. */
  readonly onLease: { follow: (state: LeaseState) => void }
}
