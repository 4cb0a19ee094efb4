import { type AllodError, type Committee, type Hex, isAllodError, keeperId } from '@allod/protocol'

/** A keeper of the order's committee, and where the relay reaches it. */
export type Member = { readonly id: Hex; readonly address: Hex; readonly destination: string }

/** The members in committee order, as the relay names them. */
export const membersOf = (committee: Committee): readonly Member[] =>
  committee.members.map((keys, i) => ({ id: keeperId(keys), address: keys.address, destination: `keeper-${i}` }))

/** What became of asking one member. */
export type Answer<T> =
  | { readonly kind: 'ok'; readonly member: Member; readonly value: T }
  | {
      readonly kind: 'refused'
      readonly member: Member
      readonly code: string
      readonly message: string
      readonly meta: unknown
    }

/** How long the others may still answer once enough have: a keeper that never does costs this, not its whole timeout. */
const TAIL_MS = 2000

/**
 * Asks every member at once, and waits for all; but once `isEnough` says so of the answers, for a short tail only. Who is
 * still silent then counts as unreachable.
 */
export async function askAll<T>(
  members: readonly Member[],
  question: (member: Member, signal: AbortSignal) => Promise<T>,
  isEnough: (values: readonly T[]) => boolean,
): Promise<readonly Answer<T>[]> {
  const tail = new AbortController()
  const values: T[] = []
  let timer: NodeJS.Timeout | undefined
  const answers = members.map(async (member): Promise<Answer<T>> => {
    try {
      const value = await before(tail.signal, question(member, tail.signal))
      values.push(value)
      if (isEnough(values)) timer ??= setTimeout(() => tail.abort(new Error('no answer in time')), TAIL_MS)
      return { kind: 'ok', member, value }
    } catch (error) {
      return { kind: 'refused', member, ...reasonOf(error) }
    }
  })
  try {
    return await Promise.all(answers)
  } finally {
    clearTimeout(timer)
  }
}

// What carries a question may not notice that nobody waits for it any more.
function before<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>()
  signal.addEventListener('abort', () => late.reject(signal.reason), { once: true })
  return Promise.race([promise, late.promise])
}

/** The reasons of those that refused, for an error's details. */
export const reasons = (answers: readonly Answer<unknown>[]) =>
  answers.flatMap((a) =>
    a.kind === 'refused' ? [{ keeper: a.member.id, code: a.code, message: a.message, meta: a.meta }] : [],
  )

function reasonOf(error: unknown): { code: string; message: string; meta: unknown } {
  if (isAllodError(error))
    return { code: (error as AllodError).code, message: error.message, meta: error.toJSON().meta }
  return {
    code: 'runtime/keeper-unreachable',
    message: error instanceof Error ? error.message.slice(0, 200) : 'no answer',
    meta: {},
  }
}
