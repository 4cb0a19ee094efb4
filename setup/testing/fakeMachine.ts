import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A folder of programs that is all a set-up finds; each writes down how it was called. */
export type FakeMachine = {
  readonly folder: string
  /** Runs code of the set-up in a process of its own, with `setup` as the folder that it imports from. */
  readonly run: (code: string) => { readonly code: number | null; readonly said: string }
  /** How programs were called since the last question, one line each. */
  readonly calls: () => readonly string[]
  readonly remove: () => void
}

/** What programs do, in sh with nothing but its own words; `$here` is the folder they are in. */
export type FakePrograms = { readonly [name: string]: string }

const setup = join(import.meta.dirname, '..')

/** A bubblewrap that makes a sandbox in a sandbox once a file `works` is there. */
export const bwrap = '[ "$1" = --version ] || [ -e "$here/works" ]'
/** As the real one: what is after its own words is run. */
export const setpriv = 'for word; do case "$word" in --*) shift;; *) break;; esac; done; exec "$@"'
/** A sudo that asks for nothing, and one that would ask. */
export const sudo = 'shift; exec "$@"'
export const sudoThatAsks = 'exit 1'

/** Puts such programs in a folder. */
export function fakeMachine(programs: FakePrograms): FakeMachine {
  const folder = mkdtempSync(join(tmpdir(), 'allod-setup-'))
  const log = join(folder, 'calls.txt')
  const source = (body: string) => `#!/bin/sh\nhere='${folder}'\necho "\${0##*/} $*" >> '${log}'\n${body}\n`
  for (const [name, body] of Object.entries(programs)) writeFileSync(join(folder, name), source(body), { mode: 0o755 })
  for (const name of ['env', 'true']) symlinkSync(`/usr/bin/${name}`, join(folder, name))
  // What apt-get would bring.
  writeFileSync(join(folder, 'bwrap.new'), source(bwrap), { mode: 0o755 })
  return {
    folder,
    run(code) {
      const whole = `const setup = ${JSON.stringify(setup)}\n${code}`
      const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', whole], {
        env: { PATH: folder },
        encoding: 'utf8',
      })
      return { code: status, said: stderr }
    },
    calls() {
      const lines = existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : []
      rmSync(log, { force: true })
      return lines
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
