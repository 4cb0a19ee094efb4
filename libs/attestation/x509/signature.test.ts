import { concat, fromHex, toHex } from '@allod/protocol'
import { describe, expect, test } from 'vitest'
import { bits, integer, nothing, octets, oid, sequence } from '../testing/derWriter.ts'
import { derSignature, newTestKey, pointOf, rawSignature } from '../testing/testKey.ts'
import { readDer } from './der.ts'
import { derBits, derSequence } from './derValues.ts'
import { verifyRawEcdsa, verifySignature } from './signature.ts'

const message = new TextEncoder().encode('what was signed')
const p256 = await newTestKey('P-256')
const p384 = await newTestKey('P-384')
const pss = await newTestKey('rsa-pss')
const pkcs1 = await newTestKey('rsa-pkcs1')

const pairs = [
  [p256, 'ecdsa-sha256'],
  [p384, 'ecdsa-sha384'],
  [pss, 'rsa-pss-sha384'],
  [pkcs1, 'rsa-pkcs1-sha256'],
] as const

describe.each(pairs)('%# a key of its own kind', (key, algorithm) => {
  test('has signed what it signed', async () => {
    expect(await verifySignature(key.spki, algorithm, message, await key.sign(message))).toBe(true)
  })

  test('has not signed anything else', async () => {
    const signature = await key.sign(message)
    expect(await verifySignature(key.spki, algorithm, message.with(0, 0), signature)).toBe(false)
    expect(await verifySignature(key.spki, algorithm, message, signature.subarray(0, -1))).toBe(false)
    expect(await verifySignature(key.spki, algorithm, message, concat(signature, Uint8Array.of(0)))).toBe(false)
    expect(await verifySignature(key.spki, algorithm, message, new Uint8Array())).toBe(false)
  })

  test('has signed with no other algorithm', async () => {
    const signature = await key.sign(message)
    const others = ['ecdsa-sha256', 'ecdsa-sha384', 'rsa-pss-sha384', 'rsa-pkcs1-sha256', 'rsa-pkcs1-sha384'] as const
    for (const other of others.filter((o) => o !== algorithm))
      expect(await verifySignature(key.spki, other, message, signature), other).toBe(false)
  })
})

test('RSA PKCS #1 with SHA-384', async () => {
  const name = {
    name: 'RSASSA-PKCS1-v1_5',
    hash: 'SHA-384',
    modulusLength: 2048,
    publicExponent: Uint8Array.of(1, 0, 1),
  }
  const { publicKey, privateKey } = await crypto.subtle.generateKey(name, true, ['sign', 'verify'])
  const spki = new Uint8Array(await crypto.subtle.exportKey('spki', publicKey))
  const signature = new Uint8Array(await crypto.subtle.sign(name, privateKey, message))
  expect(await verifySignature(spki, 'rsa-pkcs1-sha384', message, signature)).toBe(true)
  expect(await verifySignature(spki, 'rsa-pkcs1-sha256', message, signature)).toBe(false)
})

test('a salt of another length than 48 bytes is another signature', async () => {
  const name = { name: 'RSA-PSS', hash: 'SHA-384', modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1) }
  const { publicKey, privateKey } = await crypto.subtle.generateKey(name, true, ['sign', 'verify'])
  const spki = new Uint8Array(await crypto.subtle.exportKey('spki', publicKey))
  for (const [saltLength, isGood] of [
    [48, true],
    [32, false],
    [0, false],
  ] as const) {
    const signature = new Uint8Array(await crypto.subtle.sign({ name: 'RSA-PSS', saltLength }, privateKey, message))
    expect(await verifySignature(spki, 'rsa-pss-sha384', message, signature)).toBe(isGood)
  }
})

describe('ECDSA in DER', () => {
  const verify = (signature: Uint8Array) => verifySignature(p256.spki, 'ecdsa-sha256', message, signature)

  test('halves shorter than the order are good: zeros in front are not written', async () => {
    for (let i = 0; i < 2_000; i++) {
      const text = new TextEncoder().encode(String(i))
      const raw = await p256.signRaw(text)
      if (raw[0] !== 0) continue
      expect(await verifySignature(p256.spki, 'ecdsa-sha256', text, derSignature(raw))).toBe(true)
      return
    }
    throw new Error('no short half in 2000 signatures')
  })

  test('refuses what is not two canonical integers', async () => {
    const signature = await p256.sign(message)
    const raw = rawSignature(signature, 32)
    expect(await verify(derSignature(raw))).toBe(true)
    expect(await verify(raw)).toBe(false)
    const [r, s] = [raw.subarray(0, 32), raw.subarray(32)]
    expect(await verify(sequence(integer(r)))).toBe(false)
    expect(await verify(sequence(integer(r), integer(s), integer(0)))).toBe(false)
    expect(await verify(sequence(integer(concat(Uint8Array.of(1), r)), integer(s)))).toBe(false)
    expect(await verify(sequence(fromHex('0x0201ff'), integer(s)))).toBe(false)
    const padded = concat(Uint8Array.of(0x02, 34, 0, 0), r)
    expect(await verify(sequence(padded, integer(s)))).toBe(false)
  })

  test('refuses zero and the order itself', async () => {
    const order = BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551')
    for (const [r, s] of [
      [0n, 0n],
      [0n, 1n],
      [1n, 0n],
      [order, order],
      [1n, order],
    ] as const)
      expect(await verify(sequence(integer(r), integer(s)))).toBe(false)
  })
})

describe('a raw signature', () => {
  test.each([
    [p256, 'P-256'],
    [p384, 'P-384'],
  ] as const)('%# is good under a key, or its bare point, on its own curve alone', async (key, curve) => {
    const raw = await key.signRaw(message)
    const other = curve === 'P-256' ? 'P-384' : 'P-256'
    expect(await verifyRawEcdsa(key.spki, curve, message, raw)).toBe(true)
    expect(await verifyRawEcdsa(pointOf(key), curve, message, raw)).toBe(true)
    expect(await verifyRawEcdsa(key.spki, other, message, raw)).toBe(false)
    expect(await verifyRawEcdsa(pointOf(key), other, message, raw)).toBe(false)
    expect(await verifyRawEcdsa(key.spki, curve, message, raw.subarray(1))).toBe(false)
    expect(await verifyRawEcdsa(key.spki, curve, message, concat(raw, Uint8Array.of(0)))).toBe(false)
    expect(await verifyRawEcdsa(key.spki, curve, message, derSignature(raw))).toBe(false)
  })

  test('is by nobody where the point is off the curve, compressed, or not a point', async () => {
    const raw = await p256.signRaw(message)
    const point = pointOf(p256)
    for (const key of [
      point.with(64, (point[64] as number) ^ 1),
      new Uint8Array(65),
      concat(Uint8Array.of(4), new Uint8Array(64)),
      concat(Uint8Array.of(2 + ((point[64] as number) & 1)), point.subarray(1, 33)),
      point.subarray(1),
      point.with(0, 6),
      new Uint8Array(),
    ])
      expect(await verifyRawEcdsa(key, 'P-256', message, raw)).toBe(false)
  })
})

describe('a key that is no vendor’s has signed nothing', () => {
  const EC = '1.2.840.10045.2.1'
  const RSA = '1.2.840.113549.1.1.1'
  const P256 = '1.2.840.10045.3.1.7'
  const keys: readonly (readonly [string, Uint8Array])[] = [
    ['nothing', new Uint8Array()],
    ['not DER', Uint8Array.of(1, 2, 3)],
    ['a key with a byte over', concat(p256.spki, Uint8Array.of(0))],
    ['a point of no curve', sequence(sequence(oid(EC)), bits(pointOf(p256)))],
    ['a point of another curve', sequence(sequence(oid(EC), oid('1.3.132.0.35')), bits(pointOf(p256)))],
    ['a P-256 key with a P-384 point', sequence(sequence(oid(EC), oid(P256)), bits(pointOf(p384)))],
    ['a compressed point', sequence(sequence(oid(EC), oid(P256)), bits(compressed(pointOf(p256))))],
    ['a point off the curve', sequence(sequence(oid(EC), oid(P256)), bits(new Uint8Array(65).with(0, 4)))],
    ['a key of another algorithm', sequence(sequence(oid('1.3.101.112'), nothing()), bits(new Uint8Array(32)))],
  ]

  test.each(keys)('%s', async (_, spki) => {
    expect(await verifySignature(spki, 'ecdsa-sha256', message, await p256.sign(message))).toBe(false)
    expect(await verifySignature(spki, 'ecdsa-sha384', message, await p384.sign(message))).toBe(false)
    expect(await verifySignature(spki, 'rsa-pss-sha384', message, await pss.sign(message))).toBe(false)
  })

  const [, pkcs1Bits] = derSequence(readDer(pkcs1.spki))
  const pkcs1Key = derBits(pkcs1Bits)
  const [modulus, exponent] = readDer(pkcs1Key).children.map((node) => node.bytes) as [Uint8Array, Uint8Array]
  const spki = (algorithm: Uint8Array, key: Uint8Array) => sequence(algorithm, bits(key))
  const rsaKeys: readonly (readonly [string, Uint8Array])[] = [
    ['of another algorithm', spki(sequence(oid('1.2.840.113549.1.1.10'), nothing()), pkcs1Key)],
    ['of X.500’s algorithm', spki(sequence(oid('2.5.8.1.1'), nothing()), pkcs1Key)],
    ['without NULL', spki(sequence(oid(RSA), sequence()), pkcs1Key)],
    ['of one number', spki(sequence(oid(RSA), nothing()), sequence(modulus))],
    ['of three numbers', spki(sequence(oid(RSA), nothing()), sequence(modulus, exponent, integer(1)))],
    ['of a modulus that is no number', spki(sequence(oid(RSA), nothing()), sequence(modulus.with(0, 4), exponent))],
    ['with a byte over', spki(sequence(oid(RSA), nothing()), concat(pkcs1Key, Uint8Array.of(0)))],
  ]

  test('an RSA key is one again when put together as it was', async () => {
    const again = spki(sequence(oid(RSA), nothing()), sequence(modulus, exponent))
    expect(await verifySignature(again, 'rsa-pkcs1-sha256', message, await pkcs1.sign(message))).toBe(true)
  })

  test.each(rsaKeys)('an RSA key %s', async (_, key) => {
    expect(await verifySignature(key, 'rsa-pkcs1-sha256', message, await pkcs1.sign(message))).toBe(false)
  })

  // Mersenne primes make RSA keys of sizes that nobody generates, without a search. The signatures are right.
  test.each([
    [4484, 2281, 2203],
    [3482, 2203, 1279],
    // A whole number of bytes, as the sizes that are taken.
    [4496, 3217, 1279],
  ])('RSA of %i bits', async (size, p, q) => {
    const { key, sign } = rsaOf(2n ** BigInt(p) - 1n, 2n ** BigInt(q) - 1n)
    const signature = await sign(message)
    const name = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
    const imported = await crypto.subtle.importKey('spki', key, name, true, ['verify'])
    expect((imported.algorithm as RsaKeyAlgorithm).modulusLength).toBe(size)
    expect(await crypto.subtle.verify(name, imported, signature, message)).toBe(true)
    expect(await verifySignature(key, 'rsa-pkcs1-sha256', message, signature)).toBe(false)
  })

  test('RSA below 2048 bits and with a small exponent, although the signature is right', async () => {
    for (const [modulusLength, publicExponent] of [
      [1024, Uint8Array.of(1, 0, 1)],
      [2048, Uint8Array.of(3)],
    ] as const) {
      const name = { name: 'RSA-PSS', hash: 'SHA-384', modulusLength, publicExponent }
      const { publicKey, privateKey } = await crypto.subtle.generateKey(name, true, ['sign', 'verify'])
      const spki = new Uint8Array(await crypto.subtle.exportKey('spki', publicKey))
      const sign = { name: 'RSA-PSS', saltLength: 48 }
      const signature = new Uint8Array(await crypto.subtle.sign(sign, privateKey, message))
      expect(await crypto.subtle.verify(sign, publicKey, signature, message)).toBe(true)
      expect(await verifySignature(spki, 'rsa-pss-sha384', message, signature)).toBe(false)
    }
  })
})

function compressed(point: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(2 + ((point.at(-1) as number) & 1)), point.subarray(1, 1 + (point.length - 1) / 2))
}

// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017 8.2.1), by hand.
function rsaOf(p: bigint, q: bigint) {
  const n = p * q
  const e = 65_537n
  const sizeBytes = Math.ceil(n.toString(16).length / 2)
  const power = (base: bigint, exponent: bigint, modulus: bigint): bigint => {
    let result = 1n
    for (let b = base % modulus, x = exponent; x > 0n; x >>= 1n, b = (b * b) % modulus)
      if (x & 1n) result = (result * b) % modulus
    return result
  }
  const inverse = (a: bigint, modulus: bigint): bigint => {
    let [r, s, x, y] = [a % modulus, modulus, 1n, 0n]
    while (r > 1n) [r, s, x, y] = [s % r, r, y - (s / r) * x, x]
    return ((x % modulus) + modulus) % modulus
  }
  const sign = async (text: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> => {
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', text))
    const info = sequence(sequence(oid('2.16.840.1.101.3.4.2.1'), nothing()), octets(digest))
    const filled = new Uint8Array(sizeBytes - info.length - 3).fill(0xff)
    const m = BigInt(toHex(concat(Uint8Array.of(0, 1), filled, Uint8Array.of(0), info)))
    const [sp, sq] = [p, q].map((prime) => power(m, inverse(e, prime - 1n), prime)) as [bigint, bigint]
    const s = sq + q * ((((sp - sq) * inverse(q, p)) % p) + p)
    return fromHex(`0x${(s % n).toString(16).padStart(2 * sizeBytes, '0')}`)
  }
  return {
    key: sequence(sequence(oid('1.2.840.113549.1.1.1'), nothing()), bits(sequence(integer(n), integer(e)))),
    sign,
  }
}
