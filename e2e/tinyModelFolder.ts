import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tinyModel } from '@allod/engine-serve/testing'

const SHAPE = { hidden: 32, layers: 1, heads: 2, kvHeads: 1, feedForward: 32, positions: 512 } as const

/**
 * Makes a folder with a whole model of a few kilobytes: everything is done to it that is done to a large one, only sooner, and it
 * knows nothing before and after.
 */
export function tinyModelFolder(folder: string): string {
  mkdirSync(folder)
  for (const [name, bytes] of tinyModel(1, SHAPE)) writeFileSync(join(folder, name), bytes)
  return folder
}
