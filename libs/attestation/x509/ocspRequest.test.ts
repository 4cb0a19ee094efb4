import { sha384, toHex } from '@allod/protocol'
import { expect, test } from 'vitest'
import { commonName, issueCertificate } from '../testing/issue.ts'
import { newTestKey, pointOf } from '../testing/testKey.ts'
import { parseCertificate } from './certificate.ts'
import { readDer } from './der.ts'
import { derExplicit, derInteger, derOctets, derOid, derSequence } from './derValues.ts'
import { ocspRequest } from './ocspRequest.ts'

test('asks about one certificate, by SHA-384, with the nonce', async () => {
  const issuer = await issueCertificate({ subject: 'Issuer', key: await newTestKey('P-384'), isCa: true })
  const leaf = await issueCertificate({ subject: 'Leaf', key: await newTestKey('P-384'), issuer, serial: 0x87 })
  const nonce = new Uint8Array(32).fill(5)
  const request = await ocspRequest(parseCertificate(leaf.der), parseCertificate(issuer.der), nonce)
  const [tbs] = derSequence(readDer(request), 1, 1)
  const [list, extensions] = derSequence(tbs, 2, 2)
  const [asked] = derSequence(list, 1, 1)
  const [certId] = derSequence(asked, 1, 1)
  const [hash, name, key, serial] = derSequence(certId, 4, 4)
  expect(derOid(derSequence(hash, 2, 2)[0])).toBe('2.16.840.1.101.3.4.2.2')
  expect(toHex(derOctets(name))).toBe(toHex(sha384(commonName('Issuer'))))
  expect(toHex(derOctets(key))).toBe(toHex(sha384(pointOf(issuer.key))))
  expect(derInteger(serial)).toBe('0x87')
  const [extension] = derSequence(derExplicit(extensions, 2), 1, 1)
  const [id, value] = derSequence(extension, 2, 2)
  expect(derOid(id)).toBe('1.3.6.1.5.5.7.48.1.2')
  expect(derOctets(readDer(derOctets(value)))).toEqual(nonce)
})
