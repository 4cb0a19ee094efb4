import { Aes256Gcm, CipherSuite, HkdfSha256 } from '@hpke/core'
import { XWing } from '@hpke/hybridkem-x-wing'
import { bytesOf, hex, sealObject, sha256, shamir, stream, tag, u8, u64 } from './reference.ts'

const kem = new XWing()
const suite = new CipherSuite({ kem, kdf: new HkdfSha256(), aead: new Aes256Gcm() })

/** HPKE with its randomness given, so that the ciphertext is always the same. */
export async function hpkeSealWith(seed: Buffer, random: Buffer, info: Buffer, aad: Buffer, plaintext: Buffer) {
  const copy = (bytes: Buffer) => Uint8Array.from(bytes)
  const recipientPublicKey = (await kem.generateKeyPairDerand(copy(seed))).publicKey
  const sender = await suite.createSenderContext({ recipientPublicKey, info: copy(info), ekm: copy(random) })
  const ciphertext = await sender.seal(copy(plaintext), copy(aad))
  return {
    publicKey: hex(new Uint8Array(await kem.serializePublicKey(recipientPublicKey))),
    sealed: { enc: hex(new Uint8Array(sender.enc)), ciphertext: hex(new Uint8Array(ciphertext)) },
  }
}

export const dek = stream('dek', 32)
export const object = sealObject(dek, stream('salt', 32), {
  chunkLog2: 16,
  isPadded: false,
  plaintext: stream('content', 100),
})
export const chainId = 31337
export const assets = stream('assets', 20)
/** 2 of 3, with the coordinates 17, 5 and 200. */
export const shares = shamir(dek, [stream('coefficient', 32)], [17, 5, 200])

export const commitmentOf = (objectId: Buffer, index: number, share: Buffer): Buffer =>
  sha256(tag('allod/share-commit/v1'), objectId, u8(index), share)

export const infoOf = (objectId: Buffer, index: number, t: number, n: number, chain = chainId): Buffer =>
  Buffer.concat([tag('allod/share/v1'), u64(chain), assets, objectId, u8(index, t, n)])

/** HPKE, wraps and shares. */
export const keyVectors = async () => ({ hpke: await hpke(), wraps: await wraps(), shares: combinations() })

async function hpke() {
  const [seed, info, aad, plaintext] = [stream('seed', 32), tag('info'), tag('aad'), tag('a message')] as const
  const { publicKey, sealed } = await hpkeSealWith(seed, stream('random', 64), info, aad, plaintext)
  const good = { seed: hex(seed), publicKey, info: hex(info), aad: hex(aad), plaintext: hex(plaintext), ...sealed }
  const flip = (text: string): string => `${text.slice(0, -1)}${text.endsWith('0') ? '1' : '0'}`
  return {
    good: [good],
    bad: [
      { ...good, name: 'another key', seed: hex(stream('another seed', 32)) },
      { ...good, name: 'another info', info: hex(tag('other')) },
      { ...good, name: 'another aad', aad: hex(tag('other')) },
      { ...good, name: 'a flipped bit', ciphertext: flip(good.ciphertext) },
      { ...good, name: 'a flipped bit in the encapsulation', enc: flip(good.enc) },
      { ...good, name: 'a short encapsulation', enc: good.enc.slice(0, -2) },
      { ...good, name: 'a ciphertext cut into its tag', ciphertext: good.ciphertext.slice(0, 20) },
      { ...good, name: 'no ciphertext', ciphertext: '0x' },
    ],
  }
}

async function wraps() {
  const [objectId, other] = [stream('object id', 32), stream('other id', 32)]
  const [seed, share] = [stream('keeper 0', 32), shares[0] as Buffer]
  const info = infoOf(objectId, 1, 2, 3)
  const { sealed } = await hpkeSealWith(seed, stream('random', 64), info, Buffer.alloc(0), share)
  const context = { chainId, assets: hex(assets), objectId: hex(objectId), index: 1, t: 2, n: 3 }
  const good = {
    seed: hex(seed),
    share: hex(share),
    commitment: hex(commitmentOf(objectId, 1, share)),
    sealed,
    context,
  }
  const bad = (name: string, change: object, code = 'content/wrap-unopened') => ({ ...good, ...change, name, code })
  const inContext = (change: object) => ({ context: { ...context, ...change } })
  return {
    good: [good],
    bad: [
      bad('for another object', inContext({ objectId: hex(other) })),
      bad('on another chain', inContext({ chainId: 1 })),
      bad('for another contract', inContext({ assets: hex(stream('other', 20)) })),
      bad('at another place', inContext({ index: 2 })),
      bad('under another threshold', inContext({ t: 3 })),
      bad('in another committee', inContext({ n: 4 })),
      bad('with another commitment', { commitment: hex(commitmentOf(other, 1, share)) }, 'content/share-mismatch'),
    ],
  }
}

function combinations() {
  const objectId = stream('object id', 32)
  const commitments = shares.map((share, i) => hex(commitmentOf(objectId, i + 1, share)))
  const entry = (index: number, share = shares[index - 1] as Buffer) => ({ index, share: hex(share) })
  const tampered = Buffer.from(shares[1] as Buffer)
  tampered[7] = (tampered[7] as number) ^ 1
  const wrong = shamir(stream('another dek', 32), [stream('coefficient', 32)], [17, 5])
  return {
    objectId: hex(objectId),
    t: 2,
    header: hex(object.header),
    commitments,
    dek: hex(dek),
    good: [
      [entry(1), entry(2)],
      [entry(3), entry(1)],
      [entry(1), entry(2), entry(3)],
    ],
    bad: [
      { name: 'one share', shares: [entry(1)], code: 'content/too-few-shares' },
      { name: 'one share twice', shares: [entry(1), entry(1)], code: 'content/too-few-shares' },
      { name: 'a tampered share', shares: [entry(1), entry(2, tampered)], code: 'content/share-mismatch' },
      { name: 'a share at the wrong place', shares: [entry(1), entry(3, shares[1])], code: 'content/share-mismatch' },
      { name: 'a place that does not exist', shares: [entry(1), entry(4, shares[1])], code: 'content/share-mismatch' },
      {
        name: 'a cut share',
        shares: [entry(1), entry(2, bytesOf(hex(shares[1] as Buffer)).subarray(1))],
        code: 'content/share-mismatch',
      },
      {
        name: 'shares of another key, committed to by a cheating dealer',
        shares: wrong.map((share, i) => entry(i + 1, share)),
        commitments: wrong.map((share, i) => hex(commitmentOf(objectId, i + 1, share))),
        code: 'content/wrong-key',
      },
    ],
  }
}
