/** Bounds on one HTTP exchange. */
export type HttpLimits = {
  /** All header fields together. 16 KiB unless told. */
  readonly maxHeaderBytes?: number
  /** The body received. 64 MiB unless told. */
  readonly maxBodyBytes?: number
  /** From the start until the response's head. 60 s unless told. */
  readonly headTimeoutMs?: number
  /** The longest silence after that. 60 s unless told. */
  readonly idleTimeoutMs?: number
  /** All of the body received, from when it is first asked for; as long as it takes unless told. */
  readonly bodyTimeoutMs?: number
}

/** The bounds with their defaults. */
export const httpLimits = (limits: HttpLimits): Required<HttpLimits> => ({
  maxHeaderBytes: 16 * 1024,
  maxBodyBytes: 64 * 1024 * 1024,
  headTimeoutMs: 60_000,
  idleTimeoutMs: 60_000,
  bodyTimeoutMs: Number.POSITIVE_INFINITY,
  ...limits,
})
