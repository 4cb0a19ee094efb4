import { createHash } from 'node:crypto'
import type { Hex } from '@allod/protocol'
import { describe, expect, it } from 'vitest'
import { blobPath, cidOf, digestOfCid, packRef, rawRef } from './blob.ts'
import { codeOf } from './testing/vectors.ts'

const digest = `0x${createHash('sha256').update('hello').digest('hex')}` as Hex

describe('blob', () => {
  it('has the CID that IPFS gives to raw bytes', () => {
    // `ipfs block put --cid-codec=raw` of "hello".
    expect(cidOf(digest)).toBe('bafkreibm6jg3ux5qumhcn2b3flc3tyu6dmlb4xa7u5bf44yegnrjhc4yeq')
    expect(digestOfCid(cidOf(digest))).toBe(digest)
  })

  it.each([
    ['a CIDv0', 'QmWATWQ7fVPP2EFGu71UkfnqhYXDYH566qy47CnJDgvs8u'],
    ['another codec', 'bafybeibm6jg3ux5qumhcn2b3flc3tyu6dmlb4xa7u5bf44yegnrjhc4yeq'],
    ['another spelling', 'BAFKREIBM6JG3UX5QUMHCN2B3FLC3TYU6DMLB4XA7U5BF44YEGNRJHC4YEQ'],
    ['nothing', ''],
    ['a cut one', 'bafkreibm6jg3ux5qumhcn2b3flc3tyu6dmlb4xa7u5bf44yegnrjhc4ye'],
  ])('refuses %s: content/bad-cid', async (_, cid) => {
    expect(await codeOf(() => digestOfCid(cid))).toBe('content/bad-cid')
  })

  it('keeps packs and raw blobs apart, and packs of other chunk sizes', () => {
    expect(blobPath(rawRef(digest))).toBe(`blobs/${digest.slice(2)}`)
    const leaves = new Uint8Array(64)
    expect(packRef(65_552, leaves).digest).not.toBe(packRef(65_553, leaves).digest)
    expect(packRef(65_552, leaves).digest).not.toBe(packRef(65_552, leaves.subarray(32)).digest)
  })
})
