import { createCipheriv, createDecipheriv, randomBytes, randomUUID, scrypt } from 'node:crypto'
import {
  equalBytes,
  fromHex,
  type Hex,
  integer,
  type Json,
  keccak256,
  newSigningKey,
  oneOf,
  record,
  type Secret,
  type SigningKey,
  text,
  toHex,
  utf8,
} from '@allod/protocol'
import { fail } from '../errors.ts'

/** scrypt's n for a password that a person chose: about three quarters of a second. */
export const PERSON_COST = 131_072
/** scrypt's n where the password is 256 random bits. */
export const RANDOM_COST = 8192

const hexText = (max: number) => text(max, /^(?:[0-9a-f]{2})+$/)

const keystoreShape = record({
  version: oneOf(3),
  crypto: record({
    cipher: oneOf('aes-128-ctr'),
    cipherparams: record({ iv: hexText(32) }),
    ciphertext: hexText(128),
    kdf: oneOf('scrypt'),
    kdfparams: record({
      dklen: oneOf(32),
      n: integer(2, 1 << 20),
      p: integer(1, 16),
      r: integer(1, 32),
      salt: hexText(128),
    }),
    mac: hexText(64),
  }),
})

/**
 * An Ethereum keystore (version 3) of a signing key, as `cast wallet` and others read it.
 * @param cost scrypt's n
 */
export async function encryptKey(key: SigningKey, password: Secret, cost: number = PERSON_COST): Promise<Json> {
  const [salt, iv] = [randomBytes(32), randomBytes(16)]
  const kdfparams = { dklen: 32, n: cost, p: 1, r: 8, salt: bare(salt) } as const
  const derived = await derive(password, salt, kdfparams)
  const cipher = createCipheriv('aes-128-ctr', derived.subarray(0, 16), iv)
  const ciphertext = cipher.update(key.secret.expose())
  const mac = bare(keccak256(derived.subarray(16), ciphertext))
  derived.fill(0)
  return {
    address: key.address.slice(2),
    crypto: {
      cipher: 'aes-128-ctr',
      cipherparams: { iv: bare(iv) },
      ciphertext: bare(ciphertext),
      kdf: 'scrypt',
      kdfparams,
      mac,
    },
    id: randomUUID(),
    version: 3,
  }
}

/**
 * The key of a keystore.
 * @throws sdk/bad-keystore for anything but scrypt with aes-128-ctr, sdk/wrong-password
 */
export async function decryptKey(keystore: unknown, password: Secret): Promise<SigningKey> {
  const { cipherparams, ciphertext, kdfparams, mac } = parse(keystore).crypto
  const sealed = bytes(ciphertext)
  const derived = await derive(password, bytes(kdfparams.salt), kdfparams)
  try {
    if (!equalBytes(keccak256(derived.subarray(16), sealed), bytes(mac))) throw fail('wrong-password')
    const decipher = createDecipheriv('aes-128-ctr', derived.subarray(0, 16), bytes(cipherparams.iv))
    return newSigningKey(Uint8Array.from(decipher.update(sealed)))
  } finally {
    derived.fill(0)
  }
}

/** The address a keystore says it is of, without opening it; null where it does not say. */
export function keystoreAddress(keystore: unknown): Hex | null {
  const address = (keystore as { address?: unknown } | null)?.address
  if (typeof address !== 'string') return null
  const hex = `0x${address.replace(/^0x/, '').toLowerCase()}`
  return /^0x[0-9a-f]{40}$/.test(hex) ? (hex as Hex) : null
}

// Other tools add fields (id, address, x-…); only what opens the key is read.
function parse(keystore: unknown): ReturnType<typeof keystoreShape> {
  const { version, crypto } = (keystore ?? {}) as Record<string, unknown>
  try {
    return keystoreShape({ version, crypto })
  } catch (cause) {
    throw fail('bad-keystore', { cause, actual: cause instanceof Error ? cause.message : null })
  }
}

function derive(
  password: Secret,
  salt: Uint8Array,
  { n, r, p, dklen }: { readonly n: number; readonly r: number; readonly p: number; readonly dklen: number },
): Promise<Uint8Array> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>()
  const maxmem = 256 * n * r * p
  scrypt(password.expose(), salt, dklen, { N: n, r, p, maxmem }, (error, key) =>
    error ? reject(fail('bad-keystore', { cause: error })) : resolve(key),
  )
  return promise
}

const bytes = (text: string): Uint8Array => fromHex(`0x${text}`)
const bare = (value: Uint8Array): string => toHex(value).slice(2)

/** A password's bytes, in the normal form that other tools use. */
export const passwordBytes = (password: string): Uint8Array => utf8(password.normalize('NFKC'))
