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

/** Asks every member at once and waits for all: a slow or lying one costs time, never the others' answers. */
export function askAll<T>(
  members: readonly Member[],
  question: (member: Member) => Promise<T>,
): Promise<readonly Answer<T>[]> {
  return Promise.all(
    members.map(async (member): Promise<Answer<T>> => {
      try {
        return { kind: 'ok', member, value: await question(member) }
      } catch (error) {
        return { kind: 'refused', member, ...reasonOf(error) }
      }
    }),
  )
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
