import { fail } from './errors.ts'
import { isObject, parseJson, type Refuse } from './json.ts'

/** The service's answer: one token over all, and one for each device. */
export type DetachedEat = {
  readonly overall: string
  readonly devices: readonly { readonly name: string; readonly token: string }[]
}

// Sixteen devices of 3 KB each, with room.
const MAX_BYTES = 128 << 10
const MAX_DEVICES = 32

/**
 * Parses a detached EAT bundle (RFC 9711 5) as NVIDIA's service writes it: `[["JWT", overall], {"GPU-0": token, …}]`.
 * @throws nras/bad-token
 */
export function parseDetachedEat(bytes: Uint8Array): DetachedEat {
  const value = parseJson(bytes, MAX_BYTES, bad)
  if (!Array.isArray(value) || value.length !== 2) throw bad('two parts')
  const [first, second] = value
  if (!Array.isArray(first) || first.length !== 2 || first[0] !== 'JWT') throw bad('["JWT", …]')
  const overall = first[1]
  if (typeof overall !== 'string' || !isObject(second)) throw bad('tokens')
  const devices = Object.entries(second).map(([name, token]) => {
    if (!/^(GPU|SWITCH)-(0|[1-9][0-9]?)$/.test(name) || typeof token !== 'string') throw bad('a device’s token')
    return { name, token }
  })
  if (devices.length < 1 || devices.length > MAX_DEVICES) throw bad(`1..${MAX_DEVICES} devices`)
  return { overall, devices }
}

const bad: Refuse = (expected, cause) => fail('bad-token', { expected, cause })
