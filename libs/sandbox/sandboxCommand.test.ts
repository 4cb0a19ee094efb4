import { expect, test } from 'vitest'
import { limitCommand } from './limitCommand.ts'
import { sandboxCommand } from './sandboxCommand.ts'

const spec = {
  bwrap: '/usr/bin/bwrap',
  hostname: 'box',
  mounts: [
    { kind: 'read', from: '/root', to: '/' },
    { kind: 'write', from: '/o', to: '/out' },
    { kind: 'memory', to: '/tmp', sizeBytes: 7 },
    { kind: 'freeze', to: '/run' },
  ],
  command: ['/bin/node', '--version'],
} as const

const words = (...args: Parameters<typeof sandboxCommand>) => sandboxCommand(...args).join(' ')

test('shares nothing, keeps no capability and no environment', () => {
  expect(words(spec)).toMatch(
    /^\/usr\/bin\/bwrap --unshare-all --die-with-parent --new-session --clearenv --cap-drop ALL /,
  )
  expect(words(spec)).not.toContain('--setenv')
})

test('mounts in the order given, a size before its folder', () => {
  expect(words(spec)).toContain(
    '--ro-bind /root / --bind /o /out --size 7 --tmpfs /tmp --remount-ro /run --proc /proc --dev /dev --remount-ro /dev',
  )
})

test('ends its own words before the command', () => {
  expect(words(spec)).toMatch(/ -- \/bin\/node --version$/)
})

test('a home is the one variable that can be asked for', () => {
  expect(words({ ...spec, home: '/tmp' })).toContain('--clearenv --setenv HOME /tmp --cap-drop')
})

test('limits come first, and core dumps are off', () => {
  expect(limitCommand('/usr/bin/prlimit', { processes: 1, openFiles: 2, dataBytes: 3, fileBytes: 4 })).toEqual([
    '/usr/bin/prlimit',
    '--core=0',
    '--nproc=1',
    '--nofile=2',
    '--data=3',
    '--fsize=4',
  ])
})
