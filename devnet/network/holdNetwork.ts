import { mkdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { takeLock } from '@allod/content/node/lock'
import { errorsOf } from '@allod/protocol'
import { layoutOf } from './plan.ts'

const fail = errorsOf('devnet', {
  busy: [
    'this network is being brought up or taken down already',
    'wait until that is done, or end it; a network of its own needs another folder',
  ],
})

const heldHere = new Set<string>()

/**
 * Holds a network's folder while it is brought up or taken down, until it is released or this process ends, however it ends.
 * The programs that are started meanwhile do not hold it.
 * @throws devnet/busy at once where somebody else holds it, or this process already
 */
export function holdNetwork(folder: string): { readonly release: () => void } {
  const { dataOf, processes, lock: path } = layoutOf(resolve(folder))
  mkdirSync(dataOf('.'), { recursive: true, mode: 0o755 })
  mkdirSync(processes, { recursive: true, mode: 0o700 })
  const lock = takeLock(path)
  if (lock === null) throw fail('busy', { expected: 'nobody else at it', actual: 'somebody is', meta: { lock: path } })
  heldHere.add(path)
  return {
    release() {
      heldHere.delete(path)
      lock.release()
    },
  }
}

/** Whether this very process holds a network's folder. */
export const isHeldHere = (folder: string): boolean => heldHere.has(layoutOf(resolve(folder)).lock)
