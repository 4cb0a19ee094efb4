import { isAllodError } from '@allod/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type SeccompProfile, seccompFilter } from './seccompFilter.ts'

const X86_64 = 0xc000003e
const I386 = 0x40000003
const ALLOW = 0x7fff0000
const KILL = 0x80000000
const error = (errno: number) => 0x00050000 | errno
const [EPERM, ENOSYS, EAFNOSUPPORT] = [error(1), error(38), error(97)]
const NR = { socket: 41, clone: 56, ioctl: 16, mount: 165, unshare: 272, ptrace: 101, read: 0, shmget: 29, clone3: 435 }

type Call = { arch?: number; nr: number; args?: readonly [bigint?, bigint?] }

/** What the kernel's machine does with a program: the few instructions we emit, and nothing else. */
function run(profile: SeccompProfile, { arch = X86_64, nr, args = [] }: Call): number {
  const data = Buffer.alloc(64)
  data.writeUInt32LE(nr, 0)
  data.writeUInt32LE(arch, 4)
  args.forEach((arg, i) => {
    data.writeBigUInt64LE(arg ?? 0n, 16 + 8 * i)
  })
  const program = Buffer.from(seccompFilter(profile, 'x64'))
  let accumulator = 0
  for (let at = 0; at < program.length; at += 8) {
    const [jumpTrue, jumpFalse] = [program.readUInt8(at + 2), program.readUInt8(at + 3)]
    const operand = program.readUInt32LE(at + 4)
    const jump = (isTrue: boolean) => {
      at += 8 * (isTrue ? jumpTrue : jumpFalse)
    }
    switch (program.readUInt16LE(at)) {
      case 0x20:
        accumulator = data.readUInt32LE(operand)
        break
      case 0x15:
        jump(accumulator === operand)
        break
      case 0x35:
        jump(accumulator >= operand)
        break
      case 0x45:
        jump((accumulator & operand) !== 0)
        break
      case 0x06:
        return operand
      default:
        throw new Error('unknown instruction')
    }
  }
  throw new Error('the program ended without an answer')
}

test('refuses an architecture it has no numbers for', () => {
  let thrown: unknown
  try {
    seccompFilter('inner', 'arm64')
  } catch (e) {
    thrown = e
  }
  expect(isAllodError(thrown, 'sandbox/unsupported-architecture')).toBe(true)
})

test.each(['outer', 'inner'] as const)('the %s filter kills calls of another architecture and of x32', (profile) => {
  expect(run(profile, { arch: I386, nr: NR.read })).toBe(KILL)
  expect(run(profile, { nr: 0x40000000 | NR.read })).toBe(KILL)
})

test.each(['outer', 'inner'] as const)('the %s filter refuses ptrace and lets a read pass', (profile) => {
  expect(run(profile, { nr: NR.ptrace })).toBe(EPERM)
  expect(run(profile, { nr: NR.read })).toBe(ALLOW)
})

test.each(['outer', 'inner'] as const)('the %s filter allows no internet socket', (profile) => {
  for (const family of [2n, 10n, 17n, 40n]) expect(run(profile, { nr: NR.socket, args: [family] })).toBe(EAFNOSUPPORT)
  expect(run(profile, { nr: NR.socket, args: [1n] })).toBe(ALLOW)
})

test('only the outer filter allows netlink, namespaces and mounts, which the inner sandbox is made of', () => {
  expect(run('outer', { nr: NR.socket, args: [16n] })).toBe(ALLOW)
  expect(run('inner', { nr: NR.socket, args: [16n] })).toBe(EAFNOSUPPORT)
  for (const nr of [NR.mount, NR.unshare]) {
    expect(run('outer', { nr })).toBe(ALLOW)
    expect(run('inner', { nr })).toBe(EPERM)
  }
})

test('the inner filter refuses every flag of clone that makes a namespace, and plain threads pass', () => {
  for (const flag of [0x20000n, 0x02000000n, 0x04000000n, 0x08000000n, 0x10000000n, 0x20000000n, 0x40000000n])
    expect(run('inner', { nr: NR.clone, args: [flag | 0x11n] })).toBe(EPERM)
  expect(run('inner', { nr: NR.clone, args: [0x3d0f00n] })).toBe(ALLOW)
  expect(run('outer', { nr: NR.clone, args: [0x10000011n] })).toBe(ALLOW)
})

test('the inner filter has no memory that belongs to no process, and no clone3', () => {
  expect(run('inner', { nr: NR.shmget })).toBe(ENOSYS)
  expect(run('inner', { nr: NR.clone3 })).toBe(ENOSYS)
})

test('nobody types into a terminal', () => {
  for (const request of [0x5412n, 0x541cn]) expect(run('outer', { nr: NR.ioctl, args: [3n, request] })).toBe(EPERM)
  expect(run('inner', { nr: NR.ioctl, args: [3n, 0x5401n] })).toBe(ALLOW)
})

test('every call gets an answer', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('outer' as const, 'inner' as const),
      fc.nat(600),
      fc.bigInt(0n, 2n ** 64n - 1n),
      (profile, nr, arg) => {
        expect([ALLOW, EPERM, ENOSYS, EAFNOSUPPORT]).toContain(run(profile, { nr, args: [arg, arg] }))
      },
    ),
    { numRuns: 2000 },
  )
})
