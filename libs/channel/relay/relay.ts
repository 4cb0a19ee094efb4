import type { AllodError } from '@allod/protocol'
import type { ByteDuplex } from '../ByteDuplex.ts'
import type { RelayStream } from './RelayStream.ts'
import { type RelayOptions, Session } from './Session.ts'

/** Many named streams over one byte channel; either side may open them. */
export type Relay = {
  /**
   * Opens a stream and waits until the other side accepts it.
   * @throws channel/bad-name, channel/too-many-streams, channel/open-refused, channel/open-timeout, channel/relay-closed
   */
  open(name: string): Promise<RelayStream>
  /** Drops every stream and ends the channel. */
  close(): Promise<void>
  /** Settles when the relay is over: undefined after a clean end, else what broke it. Never rejects. */
  readonly closed: Promise<AllodError | undefined>
}

/**
 * Speaks the relay protocol over `duplex`. The other side is not trusted: anything outside the protocol or its bounds
 * closes the channel.
 * @example const { open } = relay(socketDuplex(socket), { onOpen: (name, stream) => serve(stream) })
 */
export function relay(duplex: ByteDuplex, options: RelayOptions = {}): Relay {
  const session = new Session(duplex, options)
  session.start()
  return { open: (name) => session.open(name), close: () => session.close(), closed: session.closed }
}
