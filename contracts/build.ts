// Compiles the contracts and writes what is committed of them: artifacts/<Name>.json and libs/chain/abi.ts.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

const here = import.meta.dirname
const root = dirname(here)

/** Contracts that are deployed, each in `src/<Name>.sol`; the devnet's token lies in `src/devnet`. */
const deployed = ['Assets', 'Catalog', 'Market', 'Registry', 'TestToken', 'Trust'] as const
/** Interfaces whose ABI clients use: name in abi.ts → file. */
const interfaces = {
  assetsAbi: 'IAssets',
  catalogAbi: 'ICatalog',
  marketAbi: 'IMarket',
  registryAbi: 'IRegistry',
  trustAbi: 'ITrust',
} as const

/** Foundry's compiler driver as npm installed it. */
export function forgeBinary(): string {
  const platform = `${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}`
  return createRequire(import.meta.url).resolve(`@foundry-rs/forge-${platform}/bin/forge`)
}

/** Compiles from source: path relative to the root → content. */
export function build(): ReadonlyMap<string, string> {
  const out = mkdtempSync(join(tmpdir(), 'allod-forge-'))
  try {
    const args = ['build', '--skip', 'test', '--out', join(out, 'out'), '--cache-path', join(out, 'cache')]
    execFileSync(forgeBinary(), args, { cwd: here, stdio: ['ignore', 'ignore', 'inherit'] })
    const compiled = (name: string) => JSON.parse(readFileSync(join(out, 'out', `${name}.sol`, `${name}.json`), 'utf8'))
    const files = new Map<string, string>()
    for (const name of deployed) {
      const { abi, bytecode } = compiled(name)
      files.set(
        `contracts/artifacts/${name}.json`,
        `${JSON.stringify({ name, abi, bytecode: bytecode.object }, null, 1)}\n`,
      )
    }
    const consts = Object.entries(interfaces).map(([constant, name]) => {
      const text = JSON.stringify(compiled(name).abi)
      return `/** ABI of \`contracts/src/interfaces/${name}.sol\`. */\nexport const ${constant} = ${text} as const\n`
    })
    const note = '// Written by contracts/build.ts; change the interfaces and run it again.\n'
    files.set('libs/chain/abi.ts', formatted('libs/chain/abi.ts', note + consts.join('\n')))
    return files
  } finally {
    rmSync(out, { recursive: true, force: true })
  }
}

function formatted(path: string, source: string): string {
  const biome = createRequire(import.meta.url).resolve('@biomejs/biome/bin/biome')
  return execFileSync(process.execPath, [biome, 'format', `--stdin-file-path=${path}`], {
    cwd: root,
    input: source,
    encoding: 'utf8',
  })
}

if (import.meta.main)
  for (const [path, content] of build()) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), content)
    process.stdout.write(`${path}\n`)
  }
