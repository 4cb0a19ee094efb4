import { setTimeout as delay } from 'node:timers/promises'
import { errorsOf } from '@allod/protocol'

const fail = errorsOf('devnet', {
  'keeper-silent': ['a keeper of the network does not answer', 'read its log; then npx allod down and npx allod up'],
})

const AGAIN_MS = 200

/**
 * Asks until there is an answer: a host whose guest ended with its chip launches it again by itself, and until then it
 * answers nothing.
 * @throws devnet/keeper-silent
 */
export async function onceItAnswers<T>(
  name: string,
  ask: () => Promise<T>,
  { withinMs = 60_000 }: { readonly withinMs?: number } = {},
): Promise<T> {
  const until = performance.now() + withinMs
  for (;;) {
    try {
      return await ask()
    } catch (cause) {
      if (performance.now() > until) throw fail('keeper-silent', { actual: name, cause })
      await delay(AGAIN_MS)
    }
  }
}
