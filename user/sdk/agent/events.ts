import { fail } from '../errors.ts'

export type Delta = {
  readonly choices?: readonly {
    readonly delta?: { readonly content?: string }
    readonly finish_reason?: string | null
  }[]
  readonly usage?: { readonly prompt_tokens: number; readonly completion_tokens: number } | null
}

/**
 * One event of a streamed answer; null where it carries nothing.
 * @throws sdk/bad-answer, sdk/agent-error where the agent breaks its answer off and says why
 */
export function parseEvent(event: string): Delta | null {
  const data = /^data: (.*)$/m.exec(event)?.[1]
  if (data === undefined || data === '[DONE]') return null
  const said = jsonOf(data)
  if (said?.error)
    throw fail('agent-error', { actual: said.error.code, meta: { says: String(said.error.message).slice(0, 300) } })
  return said
}

function jsonOf(
  data: string,
): (Delta & { readonly error?: { readonly code?: string; readonly message?: string } }) | null {
  try {
    return JSON.parse(data) as Delta
  } catch (cause) {
    throw fail('bad-answer', { cause, actual: data.slice(0, 100) })
  }
}
