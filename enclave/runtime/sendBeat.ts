import { type Alive, anyJson, type SignedBy } from '@allod/protocol'
import { ask, type HostLink } from './HostLink.ts'

/** Hands attested time to the provider, who has it paid. */
export async function sendBeat(host: HostLink, alive: Alive, signatures: readonly SignedBy[]): Promise<void> {
  await ask(host, 'provider', '/beat', { alive, signatures }, anyJson(8), { timeoutMs: 120_000 })
}
