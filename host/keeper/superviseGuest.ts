import { setTimeout as delay } from 'node:timers/promises'
import { type Relay, type RelayOptions, type RelayStream, relay } from '@allod/channel'
import { socketDuplex } from '@allod/channel/node'
import type { ConfidentialEnvironment, EnvironmentHandle, LaunchSpec } from '@allod/environments'

/** A guest that is started again whenever it ends. */
export type SupervisedGuest = {
  /** Opens a stream to the guest that runs now. @throws channel/relay-closed and the like while there is none */
  open(name: string): Promise<RelayStream>
  /** Why the guest that runs now ended, once it does. */
  exit(): EnvironmentHandle['exit']
  stop(): Promise<void>
}

const FIRST_DELAY_MS = 250
/** How long a guest without a channel may take to end. */
const FAREWELL_MS = 2000
const LONGEST_DELAY_MS = 30_000
/** A guest that lived this long did not fail at its start. */
const STEADY_MS = 60_000

type Running = { readonly handle: EnvironmentHandle; readonly session: Relay }

/**
 * Launches a guest and keeps it running: after an end it is launched again, each time a little later.
 * @param tell told why a guest ended, or why one could not be launched
 * @throws what the first launch throws
 */
export async function superviseGuest(
  environment: ConfidentialEnvironment,
  spec: LaunchSpec,
  onOpen: NonNullable<RelayOptions['onOpen']>,
  tell: (what: unknown) => void,
): Promise<SupervisedGuest> {
  const stopping = new AbortController()
  const launch = async (): Promise<Running> => {
    const handle = await environment.launch(spec)
    const session = relay(socketDuplex(handle.channel), { onOpen })
    // A guest that broke the protocol cannot be reached again; only a new one can. One that ends by itself says why first.
    void session.closed.then(() => delay(FAREWELL_MS, undefined, { ref: false })).then(() => handle.kill())
    return { handle, session }
  }
  let running = await launch()
  const life = (async () => {
    let attempts = 0
    let since = performance.now()
    while (!stopping.signal.aborted) {
      const exit = await running.handle.exit
      await running.session.close()
      if (stopping.signal.aborted) return
      tell({ exit })
      attempts = performance.now() - since > STEADY_MS ? 0 : attempts
      for (;;) {
        const wait = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** attempts++)
        await delay(wait, undefined, { signal: stopping.signal }).catch(() => undefined)
        if (stopping.signal.aborted) return
        try {
          running = await launch()
          since = performance.now()
          break
        } catch (error) {
          tell(error)
        }
      }
    }
  })()
  return {
    open: (name) => running.session.open(name),
    exit: () => running.handle.exit,
    async stop() {
      stopping.abort()
      running.handle.kill()
      await life
      // One launched while stopping began is not left behind.
      running.handle.kill()
      await running.handle.exit
    },
  }
}
