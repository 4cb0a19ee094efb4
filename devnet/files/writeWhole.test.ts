import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { writeWhole } from './writeWhole.ts'

const folder = mkdtempSync(join(tmpdir(), 'allod-whole-'))
const path = join(folder, 'config.json')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('a text takes the place of another whole, for its owner only, also after a crash in the middle', () => {
  writeWhole(path, '{"first":1}')
  writeFileSync(`${path}.part`, '{"cut sho')
  writeWhole(path, '{"second":2}')
  expect(readFileSync(path, 'utf8')).toBe('{"second":2}')
  expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(readdirSync(folder)).toEqual(['config.json'])
})

test('what is there already is left as it is', () => {
  writeWhole(path, 'same')
  const { ino } = statSync(path)
  writeWhole(path, 'same')
  expect(statSync(path).ino).toBe(ino)
})
