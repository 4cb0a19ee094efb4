import { createInterface } from 'node:readline'
import type { EvidenceBundle } from '@allod/attestation'
import type { ConfidentialEnvironment, EnvironmentHandle, GuestLimits } from '@allod/environments'
import type { BoundFacts } from '@allod/protocol'

const MB = 1 << 20
export const guestLimits: GuestLimits = {
  memoryBytes: 400 * MB,
  wallMs: 60_000,
  processes: 400,
  workBytes: 64 * MB,
  outBytes: 16 * MB,
}

// biome-ignore lint/suspicious/noExplicitAny: the guest for tests answers whatever it was asked
type Answer = any

export type Guest = EnvironmentHandle & {
  /** What the guest answered; throws where it failed, with the code it gave. */
  ask(request: unknown): Promise<Answer>
  /** Asks without waiting for an answer. */
  tell(request: unknown): void
}

/** Launches the guest for tests and talks to it. */
export async function openGuest(
  environment: ConfidentialEnvironment,
  rootfs: string,
  { limits = guestLimits, config = '{}' }: { readonly limits?: GuestLimits; readonly config?: string } = {},
): Promise<Guest> {
  const handle = await environment.launch({ rootfs, config: Buffer.from(config), limits })
  const reader = createInterface({ input: handle.channel }).on('error', () => handle.channel.destroy())
  handle.channel.once('close', () => reader.close())
  const lines = reader[Symbol.asyncIterator]()
  const tell = (request: unknown) => void handle.channel.write(`${JSON.stringify(request)}\n`)
  return {
    ...handle,
    tell,
    async ask(request) {
      tell(request)
      const { value, done } = await lines.next()
      if (done === true) throw new Error('the guest hung up')
      const { ok, error } = JSON.parse(value)
      if (error) throw Object.assign(new Error(error.message), { code: error.code })
      return ok
    },
  }
}

/** Evidence that binds `facts`, from inside. */
export const evidenceOf = (guest: Guest, facts: Omit<BoundFacts, 'devicesHash'>, gpu = true): Promise<EvidenceBundle> =>
  guest.ask({ do: 'evidence', facts, gpu })
