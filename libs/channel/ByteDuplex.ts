/**
 * Bytes in order both ways, with back-pressure. A relay runs on one, and each of its streams is one again, so the
 * same code talks to a socket, a vsock port or a stream inside a relay.
 */
export type ByteDuplex = {
  /** The next bytes, or null after the other side's clean end. One call at a time. Throws once broken. */
  read(): Promise<Uint8Array | null>
  /** Resolves when more may be written. The caller gives the buffers up. Throws once broken. */
  write(...parts: readonly Uint8Array[]): Promise<void>
  /** Ends this direction after what was written; the other stays open. */
  end(): Promise<void>
  /** Drops both directions at once; whoever waits is told. */
  reset(reason?: ResetReason): void
}

/** Why a stream was dropped, as the other side learns it. The order is the wire code, from 1. */
export const RESET_REASONS = ['refused', 'busy', 'unreachable', 'cancelled', 'failed', 'timeout'] as const

export type ResetReason = (typeof RESET_REASONS)[number]
