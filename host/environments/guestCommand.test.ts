import { expect, test } from 'vitest'
import { guestCommand, guestKernelLimits, unisolatedCommand } from './guestCommand.ts'

const programs = { bwrap: '/usr/bin/bwrap', prlimit: '/usr/bin/prlimit', setpriv: '/usr/bin/setpriv' }
const files = { rootfs: '/b/rootfs', config: '/r/config.json', channel: '/h/host.sock', chip: '/r/chip.sock' }
const limits = { memoryBytes: 1 << 29, wallMs: 1000, processes: 300, workBytes: 111, outBytes: 222 }
const kernel = guestKernelLimits(limits)
const words = (isRoot: boolean) => guestCommand(programs, files, { limits, kernel, isRoot }).join(' ')

test('a launcher that is root steps down before the sandbox, another does not', () => {
  expect(words(true)).toMatch(
    /^\/usr\/bin\/prlimit --core=0 .* \/usr\/bin\/setpriv --reuid 65534 --regid 65534 --clear-groups --no-new-privs \/usr\/bin\/bwrap /,
  )
  expect(words(false)).toMatch(/^\/usr\/bin\/prlimit --core=0 \S+ \S+ \S+ \/usr\/bin\/bwrap /)
})

test('tasks are limited inside the sandbox only, where nobody else’s count', () => {
  const [outside, inside] = words(false).split(' -- ')
  expect(outside).not.toContain('--nproc')
  expect(inside).toContain('--nproc=300')
})

test('the root filesystem is read-only and every other folder lies in memory, with a size', () => {
  const line = words(false)
  expect(line).toContain('--ro-bind /b/rootfs / --ro-bind /r/config.json /config.json')
  expect(line).toContain('--size 111 --tmpfs /work --size 222 --tmpfs /out')
  expect(line.match(/--bind \S+ \S+/g)).toEqual([
    '--bind /h/host.sock /run/host.sock',
    '--bind /r/chip.sock /run/chip.sock',
  ])
})

test('nothing can be put beside the two sockets', () => {
  expect(words(false)).toMatch(/\/run\/chip\.sock --remount-ro \/run /)
})

test('what runs is fixed: node and the main bundle under the limit, without an argument', () => {
  expect(words(true)).toMatch(/ -- \/bin\/prlimit --core=0 --nproc=300 \/bin\/node \/app\/main\.mjs$/)
})

test('without a sandbox the guest is told where its folder is', () => {
  expect(unisolatedCommand('/b/rootfs', '/r')).toEqual([
    '/b/rootfs/bin/node',
    '/b/rootfs/app/main.mjs',
    '--unisolated',
    '/r',
  ])
})
