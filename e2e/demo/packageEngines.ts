import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { packageFinetune } from '@allod/engine-finetune/package'
import { packageServe } from '@allod/engine-serve/package'

/** Writes both engines as folders to publish, each once. @returns the folder that holds `finetune` and `serve` */
export async function packageEngines(folder: string): Promise<string> {
  mkdirSync(folder, { recursive: true })
  for (const [name, pack] of [
    ['finetune', packageFinetune],
    ['serve', packageServe],
  ] as const) {
    const fresh = join(folder, `${name}.new`)
    await pack(fresh)
    if (existsSync(join(folder, name))) rmSync(join(folder, name), { recursive: true, force: true })
    renameSync(fresh, join(folder, name))
  }
  return folder
}
