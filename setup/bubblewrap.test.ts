import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
// @ts-expect-error plain JavaScript, because the Node that starts it may be too old to run TypeScript
import { APPARMOR_FIX, PROFILE } from './apparmor.mjs'
import {
  bwrap,
  type FakeMachine,
  type FakePrograms,
  fakeMachine,
  setpriv,
  sudo,
  sudoThatAsks,
} from './testing/fakeMachine.ts'

const kernel = mkdtempSync(join(tmpdir(), 'allod-kernel-'))
const [restricted, open] = [join(kernel, 'restricted'), join(kernel, 'open')]
beforeAll(() => {
  writeFileSync(restricted, '1\n')
  writeFileSync(open, '0\n')
})
afterAll(() => rmSync(kernel, { recursive: true, force: true }))
let machine: FakeMachine
afterEach(() => machine.remove())

const working = { bwrap: ':', setpriv }
/** Works only once something made it so. */
const broken = { bwrap, setpriv }
/** An apt-get that brings bubblewrap, which works then or does not. */
const bringing = (works: boolean) => ({
  setpriv,
  'apt-get': `case "$*" in *install*) /bin/cp "$here/bwrap.new" "$here/bwrap"; ${works ? ': > "$here/works"' : ':'};; esac`,
})
/** What loads a profile, after which bubblewrap works. */
const apparmor = { tee: '/bin/cat > "$here/profile"', apparmor_parser: ': > "$here/works"' }

type Choices = { readonly isRoot: boolean; readonly userns?: string; readonly allow?: boolean }

/** Runs the set-up on such a machine. */
function ensure(programs: FakePrograms, { isRoot, userns = open, allow = false }: Choices) {
  machine = fakeMachine(programs)
  const ended = machine.run(
    `const { ensureBubblewrap } = await import(\`\${setup}/bubblewrap.mjs\`)
await ensureBubblewrap(${allow}, ${JSON.stringify({ isRoot, userns })})
console.error('went on')`,
  )
  const calls = machine.calls()
  return { ...ended, calls, changing: calls.filter((call) => /^(sudo|apt-get|tee|apparmor_parser) /.test(call)) }
}

const users = [{ isRoot: true }, { isRoot: false }]

describe.each(users)('bubblewrap, with %o', (user) => {
  test('there and working: nothing is done, whatever the kernel says', () => {
    for (const userns of [open, restricted, join(kernel, 'none')]) {
      const { code, said, changing } = ensure({ ...working, 'apt-get': ':', sudo, ...apparmor }, { ...user, userns })
      expect([code, said, changing]).toEqual([0, 'went on\n', []])
      machine.remove()
    }
  })

  test('is tried as a guest is started: a sandbox in a sandbox, by nobody where we are root', () => {
    const { calls } = ensure(working, user)
    const tried = calls.filter((call) => !call.includes('--version'))
    expect(tried.map((call) => call.split(' ')[0])).toEqual(user.isRoot ? ['setpriv', 'bwrap'] : ['bwrap'])
    expect(tried.at(-1)).toMatch(/^bwrap --unshare-all .* bwrap --unshare-all .* true$/)
    if (user.isRoot) expect(tried[0]).toMatch(/^setpriv --reuid=65534 .* bwrap /)
  })

  test('missing, and nothing may be installed: it ends, and says how', () => {
    const { code, said } = ensure({ setpriv, sudo: sudoThatAsks }, user)
    expect(code).toBe(1)
    expect(said).toContain('bubblewrap is not installed\nhint: sudo apt-get install bubblewrap\n')
    expect(said).toContain('add --allow-unisolated')
    expect(said).not.toContain('went on')
  })

  test('missing, and going on without was asked for: it goes on, loudly', () => {
    const { code, said } = ensure({ setpriv }, { ...user, allow: true })
    expect(code).toBe(0)
    expect(said).toContain('WARNING: bubblewrap is not installed')
    expect(said).toMatch(/WARNING: going on WITHOUT ISOLATION.*\nwent on\n$/)
  })

  test('missing, and going on without was asked for: it is installed all the same where that is possible', () => {
    const { code, said } = ensure({ ...bringing(true), sudo }, { ...user, allow: true })
    expect([code, said.includes('WARNING')]).toEqual([0, false])
  })

  test('there, and kept from making namespaces: what may allow them is said, and nothing is changed', () => {
    const { code, said, changing } = ensure({ ...broken, 'apt-get': ':', sudo, ...apparmor }, user)
    expect([code, changing]).toEqual([1, []])
    expect(said).toContain('may not make namespaces here\nhint: sudo sysctl -w user.max_user_namespaces=')
    const allowed = ensure(broken, { ...user, allow: true })
    expect(allowed.code).toBe(0)
    expect(allowed.said).toContain('WARNING: bubblewrap is installed but may not make namespaces here')
  })
})

test('missing, as root: it is installed and tried', () => {
  const { code, said, changing } = ensure(bringing(true), { isRoot: true })
  expect([code, changing]).toEqual([0, [expect.stringMatching(/^apt-get .*install .*bubblewrap$/)]])
  expect(said).toBe('installing bubblewrap with apt-get\nwent on\n')
})

test('missing, with a sudo that asks for nothing: it is installed by that', () => {
  const { code, changing } = ensure({ ...bringing(true), sudo }, { isRoot: false })
  expect(code).toBe(0)
  expect(changing).toContainEqual(expect.stringMatching(/^sudo -n .*apt-get .*install .*bubblewrap$/))
})

test('missing, with a sudo that asks: nothing is tried with it', () => {
  const { code, changing } = ensure({ ...bringing(true), sudo: sudoThatAsks }, { isRoot: false })
  expect([code, changing]).toEqual([1, ['sudo -n true']])
})

describe('where AppArmor lets only confined programs make user namespaces', () => {
  test.each(users)('a profile for bubblewrap alone is loaded, with %o', (user) => {
    const { code, said, changing } = ensure({ ...broken, ...apparmor, sudo }, { ...user, userns: restricted })
    expect([code, said]).toEqual([0, 'letting bubblewrap make user namespaces: /etc/apparmor.d/allod-bwrap\nwent on\n'])
    const file = '/etc/apparmor.d/allod-bwrap'
    expect(changing.filter((call) => !call.startsWith('sudo'))).toEqual([`tee ${file}`, `apparmor_parser -r ${file}`])
    expect(changing.some((call) => call.startsWith('sudo'))).toBe(!user.isRoot)
    expect(readFileSync(join(machine.folder, 'profile'), 'utf8')).toBe(PROFILE)
  })

  test('also for a bubblewrap that was just installed', () => {
    const { code, changing } = ensure({ ...bringing(false), ...apparmor }, { isRoot: true, userns: restricted })
    expect([code, changing.map((call) => call.split(' ')[0])]).toEqual([0, ['apt-get', 'tee', 'apparmor_parser']])
  })

  test('a profile that was not written is not loaded', () => {
    const { code, changing } = ensure({ ...broken, ...apparmor, tee: 'exit 1' }, { isRoot: true, userns: restricted })
    expect([code, changing.map((call) => call.split(' ')[0])]).toEqual([1, ['tee']])
  })

  test('with a sudo that asks, it ends with what to type, which loads that profile', () => {
    const { code, said, changing } = ensure(
      { ...broken, ...apparmor, sudo: sudoThatAsks },
      { isRoot: false, userns: restricted },
    )
    expect([code, changing]).toEqual([1, ['sudo -n true']])
    expect(said).toContain(`AppArmor keeps it from making namespaces\nhint: ${APPARMOR_FIX}\n`)
    machine.remove()
    // What a person types has no -n.
    machine = fakeMachine({ ...apparmor, sudo: 'exec "$@"' })
    machine.run(
      `const { spawnSync } = await import('node:child_process')
const { APPARMOR_FIX } = await import(\`\${setup}/apparmor.mjs\`)
spawnSync('/bin/sh', ['-c', APPARMOR_FIX])`,
    )
    expect(readFileSync(join(machine.folder, 'profile'), 'utf8')).toBe(PROFILE)
    expect(machine.calls()).toContain('apparmor_parser -r /etc/apparmor.d/allod-bwrap')
  })

  test('and goes on without isolation where that was asked for, loudly', () => {
    const { code, said } = ensure(broken, { isRoot: false, userns: restricted, allow: true })
    expect(code).toBe(0)
    expect(said).toContain('WARNING: bubblewrap is installed but AppArmor keeps it from making namespaces')
    expect(said).toMatch(/WITHOUT ISOLATION.*\nwent on\n$/)
  })
})
