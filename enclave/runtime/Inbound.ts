import { endedRequestShape } from '@allod/protocol'
import { fail } from './errors.ts'

type Answer = (request: Request) => Promise<Response>

const MAX_BODY_BYTES = 1024

/** What comes in over the relay: requests of clients once an agent serves, and the host's word that the order is over. */
export class Inbound {
  readonly #ended = new AbortController()
  #endedAt: number | null = null
  #answer: Answer | null = null

  /** Whose requests are answered from now on, and by what; nobody's for null. */
  serve(answer: Answer | null): void {
    this.#answer = answer
  }

  /** Answers a client, whose request came through the gateway. @throws what the agent throws */
  readonly fromClient: Answer = async (request) => {
    return this.#answer === null ? Response.json(fail('not-serving'), { status: 503 }) : this.#answer(request)
  }

  /** Answers the host itself: `POST /ended`, once. @throws runtime/path-refused, runtime/body-refused */
  readonly fromHost: Answer = async (request) => {
    const { pathname } = new URL(request.url)
    if (request.method !== 'POST' || pathname !== '/ended')
      throw fail('path-refused', { actual: `${request.method} ${pathname}`.slice(0, 80) })
    const { endedAt } = endedRequestShape(await boundedJson(request))
    this.#endedAt ??= endedAt
    this.#ended.abort()
    return Response.json({})
  }

  /** Aborted once the host says that the order was ended. A claim: it lets an enclave stop, which its host can do anyway. */
  get ended(): AbortSignal {
    return this.#ended.signal
  }

  /** When the order was ended, Unix seconds, as the host says; null while it says nothing. */
  get endedAt(): number | null {
    return this.#endedAt
  }
}

async function boundedJson(request: Request): Promise<unknown> {
  const text = await request.text()
  if (text.length > MAX_BODY_BYTES) throw fail('body-refused', { expected: `at most ${MAX_BODY_BYTES} bytes` })
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw fail('body-refused', { expected: 'JSON', cause })
  }
}
