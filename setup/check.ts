// Format, lint and types: what must hold before a test is worth running.
import { spawnSync } from 'node:child_process'

for (const [command, ...args] of [
  ['biome', 'ci', '--colors=off', '.'],
  ['tsc', '--noEmit', '-p', '.'],
] as const) {
  const { status } = spawnSync(command, args, { stdio: 'inherit' })
  if (status !== 0) {
    process.stderr.write(
      `${command} found something\nhint: npx ${command === 'biome' ? 'biome check --write .' : 'tsc --noEmit'}\n`,
    )
    process.exit(1)
  }
}
