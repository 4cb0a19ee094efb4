import { type Hex, Secret, toHex } from '@allod/protocol'
import { vi } from 'vitest'

/** What is erased from here on, each secret once, until mocks are restored. */
export function watchErased(): Hex[] {
  const erased: Hex[] = []
  const { erase } = Secret.prototype
  const gone = new WeakSet<Secret>()
  vi.spyOn(Secret.prototype, 'erase').mockImplementation(function (this: Secret) {
    if (!gone.has(this)) erased.push(toHex(this.expose()))
    gone.add(this)
    erase.call(this)
  })
  return erased
}
