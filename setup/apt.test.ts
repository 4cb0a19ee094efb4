import { afterEach, expect, test } from 'vitest'
import { type FakeMachine, type FakePrograms, fakeMachine, sudo, sudoThatAsks } from './testing/fakeMachine.ts'

let machine: FakeMachine
afterEach(() => machine.remove())

const APT = 'apt-get -o DPkg::Lock::Timeout=300 -q -y'
const INSTALL = `${APT} install --no-install-recommends tool`
/** An apt-get without lists of packages until it got some, that wants to ask questions. */
const STALE =
  '[ "$DEBIAN_FRONTEND" = noninteractive ] || exit 9; case "$*" in *update*) : > "$here/lists";; *) [ -e "$here/lists" ];; esac'

function install(programs: FakePrograms, { isRoot }: { readonly isRoot: boolean }) {
  machine = fakeMachine(programs)
  const { code, said } = machine.run(
    `const { aptInstall } = await import(\`\${setup}/apt.mjs\`)\naptInstall('tool', ${isRoot})`,
  )
  expect(code).toBe(0)
  return { said, calls: machine.calls() }
}

test('root installs at once, without a question', () => {
  const { said, calls } = install({ 'apt-get': '[ "$DEBIAN_FRONTEND" = noninteractive ]' }, { isRoot: true })
  expect(calls).toEqual([INSTALL])
  expect(said).toContain('installing tool with apt-get')
})

test('a package that is not known is looked for again in new lists', () => {
  const { calls } = install({ 'apt-get': STALE }, { isRoot: true })
  expect(calls).toEqual([INSTALL, `${APT} update`, INSTALL])
})

test('others install by a sudo that asks for nothing, without a question either', () => {
  const { calls } = install({ 'apt-get': STALE, sudo }, { isRoot: false })
  const asRoot = (line: string) => [`sudo -n env DEBIAN_FRONTEND=noninteractive ${line}`, line]
  expect(calls).toEqual(['sudo -n true', ...[INSTALL, `${APT} update`, INSTALL].flatMap(asRoot)])
})

test.each([{}, { sudo: sudoThatAsks }])('nothing is tried without it: %o', (given) => {
  const { said, calls } = install({ 'apt-get': STALE, ...given }, { isRoot: false })
  expect(calls).toEqual('sudo' in given ? ['sudo -n true'] : [])
  expect(said).toBe('')
})
