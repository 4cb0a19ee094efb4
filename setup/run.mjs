#!/usr/bin/env node
// Entry of every npm script: brings what the project needs, then runs the task under Node 24.
// Plain JavaScript, because the Node that starts it may be too old to run TypeScript.
import { spawn } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ensureBubblewrap } from './bubblewrap.mjs'
import { ensureChromium } from './chromium.mjs'
import { ensurePackages } from './packages.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const [task, ...args] = process.argv.slice(2)
const tasks = {
  demo: ['e2e/demo/main.ts'],
  test: ['setup/test.ts'],
  check: ['setup/check.ts'],
  bench: ['bench/main.ts'],
  allod: ['user/cli/allod.ts'],
}

if (!Object.hasOwn(tasks, task)) {
  process.stderr.write(`unknown task ${task}; one of ${Object.keys(tasks).join(', ')}\n`)
  process.exit(2)
}
const node = await ensurePackages(root)
if (task !== 'allod' && task !== 'check') await ensureBubblewrap(args.includes('--allow-unisolated'))
if (task === 'test') ensureChromium()
const child = spawn(node, [...tasks[task], ...args], {
  cwd: root,
  stdio: 'inherit',
  env: {
    ...process.env,
    PATH: `${join(root, 'node_modules/.bin')}:${process.env.PATH}`,
    NODE_NO_WARNINGS: '1',
    // Programs start one another all the time, and much of each start is compiling.
    NODE_COMPILE_CACHE: join(root, 'node_modules/.cache/allod'),
  },
})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
child.on('exit', (code, signal) => process.exit(signal === 'SIGINT' ? 130 : (code ?? 1)))
