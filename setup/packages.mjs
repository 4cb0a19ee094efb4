// Installs the exact packages of package-lock.json, once, and checks that each native part is really there.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { lockDisagreements } from './lock.mjs'

const natives = [
  ['node', 'bin/node'],
  ['@foundry-rs/anvil-linux-amd64', 'bin/anvil'],
  ['@foundry-rs/forge-linux-amd64', 'bin/forge'],
  ['@biomejs/cli-linux-x64', 'biome'],
  ['onnxruntime-node', 'bin/napi-v6/linux/x64/onnxruntime_binding.node'],
  ['@node-llama-cpp/linux-x64', 'bins/linux-x64/llama-addon.node'],
]

/** Path of the project's own Node 24, everything installed. Exits with the fix where that is impossible. */
export async function ensurePackages(root) {
  const modules = join(root, 'node_modules')
  const stamp = join(modules, '.allod-stamp')
  const wanted = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex')
  const missing = () => natives.filter(([name, file]) => !existsSync(join(modules, name, file)))
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== wanted || missing().length > 0) {
    const disagreements = lockDisagreements(root)
    if (disagreements.length > 0) {
      process.stderr.write(
        `package-lock.json is not the lock of these packages:\n${disagreements.map((d) => `  ${d}\n`).join('')}hint: npm install, look at the difference, and commit it\n`,
      )
      process.exit(1)
    }
    process.stderr.write('installing npm packages (about a minute the first time)\n')
    // Not `ci`: it refuses a lock file without the packages that other platforms would need, which the registry may not have.
    npm(root, ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'])
    if (missing().length > 0) npm(root, ['rebuild', '--loglevel=error', ...missing().map(([name]) => name)])
    for (const [name, file] of missing()) {
      process.stderr.write(
        `the native part of ${name} is missing (${file})\nhint: only Linux x64 with glibc is supported for now; there, remove node_modules and run again\n`,
      )
      process.exit(1)
    }
    writeFileSync(stamp, wanted)
  }
  return join(modules, 'node/bin/node')
}

function npm(root, args) {
  const { status } = spawnSync('npm', args, {
    cwd: root,
    stdio: ['ignore', 2, 2],
    env: { ...process.env, ONNXRUNTIME_NODE_INSTALL: 'skip' },
  })
  if (status !== 0) {
    process.stderr.write(`npm ${args[0]} failed\nhint: check that the npm registry can be reached, then run again\n`)
    process.exit(3)
  }
}
