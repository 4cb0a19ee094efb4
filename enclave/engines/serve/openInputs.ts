import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ggufAdapterFromPeft, ggufFromFolder, parseModelConfig, type ServeParameters } from '@allod/models'
import { fail } from './errors.ts'
import { readFolder } from './readFolder.ts'
import type { ServeInputs } from './startServe.ts'
import { vocabularyOf } from './vocabularyOf.ts'

/**
 * Reads `base` and, where it is there, `adapter` under `inDir`, and writes them as GGUF into a folder of their own under /tmp, which an
 * enclave keeps in memory. `discard` removes it: the engine maps the files when it loads them and needs the names no longer.
 * @throws serve/bad-input, and what the readers of models throw
 */
export function openInputs(
  inDir: string,
  weights: ServeParameters['weights'] = 'f16',
): ServeInputs & { discard(): void } {
  const base = readFolder(join(inDir, 'base'))
  if (base === null) throw fail('bad-input', { expected: 'a folder named base' })
  const config = parseModelConfig(base.get('config.json') ?? new Uint8Array(0))
  const vocabulary = vocabularyOf(base, config)
  const adapter = readFolder(join(inDir, 'adapter'))
  const scratch = mkdtempSync(join(tmpdir(), 'allod-serve-'))
  const files = { base: join(scratch, 'base.gguf'), adapter: adapter && join(scratch, 'adapter.gguf') }
  try {
    write(files.base, ggufFromFolder(base, weights === 'f16' ? 'F16' : 'Q8_0'))
    if (adapter && files.adapter) write(files.adapter, [ggufAdapterFromPeft(adapter, config)])
  } catch (cause) {
    rmSync(scratch, { recursive: true, force: true })
    throw cause
  }
  return {
    files,
    vocabulary,
    positions: config.positions,
    endTokens: config.eosTokens,
    discard: () => rmSync(scratch, { recursive: true, force: true }),
  }
}

function write(path: string, pieces: Iterable<Uint8Array>): void {
  const file = openSync(path, 'wx', 0o600)
  try {
    for (const piece of pieces) for (let at = 0; at < piece.length; ) at += writeSync(file, piece, at)
  } finally {
    closeSync(file)
  }
}
