// The sizes of what is trusted, in TCB.md. Written by: node walls/trustedPage.ts
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bundleProgram, type programs } from '@allod/devnet/builds'
import { root } from './imports.ts'

const page = join(root, 'TCB.md')
const libs = ['protocol', 'content', 'attestation', 'channel', 'chain', 'models', 'sandbox']

/** `TCB.md` with the sizes of our own layer as they are now; the platform's differ from machine to machine. */
export async function trustedPage(): Promise<string> {
  const [runtime, keeper] = await Promise.all(
    (['runtime', 'keeper'] satisfies (keyof typeof programs)[]).map(async (name) => (await bundleProgram(name)).length),
  )
  const shared = libs.map((name) => `${name} ${figure(linesBelow(`libs/${name}`))}`).join(', ')
  return readFileSync(page, 'utf8')
    .replace(/^\| ours \| [\d,]+ \| [\d,]+ \|/m, `| ours | ${figure(runtime ?? 0)} | ${figure(keeper ?? 0)} |`)
    .replace(
      /^Lines of our own TypeScript[\s\S]*?\.\n\n/m,
      `Lines of our own TypeScript without tests: runtime ${figure(linesBelow('enclave/runtime'))} · keeper ${figure(
        linesBelow('enclave/keeper'),
      )} · libs they share, of which a bundle takes\nwhat it imports: ${shared}.\n\n`,
    )
}

const figure = (value: number): string => value.toLocaleString('en-US')

/** Lines of TypeScript below a folder that are neither tests, vectors, benches nor generated. */
function linesBelow(folder: string): number {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter(
      (path) =>
        path.endsWith('.ts') && !/\.test\.ts$|(^|\/)(testing|vectors|bench|node_modules)\/|(^|\/)abi\.ts$/.test(path),
    )
    .reduce((sum, path) => sum + readFileSync(join(root, folder, path), 'utf8').split('\n').length - 1, 0)
}

if (process.argv[1] === import.meta.filename) writeFileSync(page, await trustedPage())
