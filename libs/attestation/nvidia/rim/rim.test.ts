import { utf8 } from '@allod/protocol'
import { expect, test } from 'vitest'
import { codeOf } from '../../testing/codeOf.ts'
import { rimText } from '../../testing/rimIssuer.ts'
import { readManifest } from './rim.ts'
import { parseXml } from './xml.ts'

const measurements = [{ index: 0, isActive: true, hashes: ['ab'.repeat(48)] }]
const read = (edit: (text: string) => string) =>
  codeOf(() => readManifest(parseXml(utf8(rimText({ version: '580.95.05', measurements, edit })))))

test('an element of the right name in another namespace is not the one looked for', async () => {
  expect(await read((text) => text)).toBe('accepted')
  expect(await read((text) => text.replace('<ns0:Meta', '<ns2:Meta'))).toBe('rim/bad-manifest')
})
