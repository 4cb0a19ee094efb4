import { errorsOf } from '@allod/protocol'

const fail = errorsOf('sandbox', {
  'unsupported-architecture': [
    'no system-call filter exists for this processor architecture',
    'run on x86-64, or choose a confidential VM instead of the process environment',
  ],
})

/** `outer` may make namespaces, because the runtime sandboxes its engine; `inner` may not. */
export type SeccompProfile = 'outer' | 'inner'

// Numbers are of x86-64, from the kernel's syscall_64.tbl.
const REFUSED = [
  103, // syslog
  101, // ptrace
  134, // uselib
  135, // personality
  153, // vhangup
  154, // modify_ldt
  159, // adjtimex
  161, // chroot
  163, // acct
  164, // settimeofday
  167, // swapon
  168, // swapoff
  169, // reboot
  171, // setdomainname
  172, // iopl
  173, // ioperm
  175, // init_module
  176, // delete_module
  179, // quotactl
  212, // lookup_dcookie
  227, // clock_settime
  237, // mbind
  238, // set_mempolicy
  246, // kexec_load
  248, // add_key
  249, // request_key
  250, // keyctl
  256, // migrate_pages
  279, // move_pages
  298, // perf_event_open
  300, // fanotify_init
  303, // name_to_handle_at
  304, // open_by_handle_at
  305, // clock_adjtime
  308, // setns
  310, // process_vm_readv
  311, // process_vm_writev
  312, // kcmp
  313, // finit_module
  320, // kexec_file_load
  321, // bpf
  323, // userfaultfd
  425, // io_uring_setup
  426, // io_uring_enter
  427, // io_uring_register
  428, // open_tree
  429, // move_mount
  430, // fsopen
  431, // fsconfig
  432, // fsmount
  433, // fspick
  438, // pidfd_getfd
  442, // mount_setattr
  443, // quotactl_fd
  447, // memfd_secret
] as const

const REFUSED_INSIDE = [
  155, // pivot_root
  165, // mount
  166, // umount2
  170, // sethostname
  272, // unshare
] as const

// Memory that belongs to no process would escape the memory limit. ENOSYS, because callers then fall back.
const ABSENT_INSIDE = [
  29, // shmget
  68, // msgget
  240, // mq_open
  319, // memfd_create
  435, // clone3: its flags are in memory, where a filter cannot look
] as const

const SOCKET = 41
const CLONE = 56
const IOCTL = 16
const AF_UNIX = 1
const AF_NETLINK = 16 // bubblewrap brings up the loopback of the inner network with it
const NEW_NAMESPACES = 0x7e020000 // every CLONE_NEW* flag
const TIOCSTI = 0x5412
const TIOCLINUX = 0x541c

const EPERM = 1
const ENOSYS = 38
const EAFNOSUPPORT = 97

const ALLOW = 0x7fff0000
const KILL = 0x80000000
const errno = (number: number): number => 0x00050000 | number

type Instruction = readonly [code: number, jumpTrue: number, jumpFalse: number, operand: number]

const LOAD = 0x20
const EQUAL = 0x15
const AT_LEAST = 0x35
const ANY_BIT = 0x45
const RETURN = 0x06
// Offsets in struct seccomp_data.
const NUMBER = 0
const ARCHITECTURE = 4
const FIRST_ARGUMENT = 16
const SECOND_ARGUMENT = 24

/**
 * The system-call filter as a classic BPF program, in the bytes bubblewrap reads.
 * @param arch `process.arch` of the machine; x64 is supported
 * @throws sandbox/unsupported-architecture
 */
export function seccompFilter(profile: SeccompProfile, arch: string): Uint8Array<ArrayBuffer> {
  if (arch !== 'x64') throw fail('unsupported-architecture', { expected: 'x64', actual: arch })
  const families = profile === 'outer' ? [AF_UNIX, AF_NETLINK] : [AF_UNIX]
  return encode([
    // Another architecture, or x32 numbers, would slip past a list of x86-64 numbers.
    [LOAD, 0, 0, ARCHITECTURE],
    [EQUAL, 1, 0, 0xc000003e],
    [RETURN, 0, 0, KILL],
    [LOAD, 0, 0, NUMBER],
    [AT_LEAST, 0, 1, 0x40000000],
    [RETURN, 0, 0, KILL],
    ...REFUSED.flatMap((n) => answer(n, EPERM)),
    ...(profile === 'inner' ? REFUSED_INSIDE.flatMap((n) => answer(n, EPERM)) : []),
    ...(profile === 'inner' ? ABSENT_INSIDE.flatMap((n) => answer(n, ENOSYS)) : []),
    ...(profile === 'inner' ? refuseNamespaces() : []),
    ...onlyFamilies(families),
    ...refuseTerminalInput(),
    [RETURN, 0, 0, ALLOW],
  ])
}

const answer = (number: number, error: number): readonly Instruction[] => [
  [EQUAL, 0, 1, number],
  [RETURN, 0, 0, errno(error)],
]

const refuseNamespaces = (): readonly Instruction[] => [
  [EQUAL, 0, 4, CLONE],
  [LOAD, 0, 0, FIRST_ARGUMENT],
  [ANY_BIT, 0, 1, NEW_NAMESPACES],
  [RETURN, 0, 0, errno(EPERM)],
  [RETURN, 0, 0, ALLOW],
]

const onlyFamilies = (families: readonly number[]): readonly Instruction[] => [
  [EQUAL, 0, families.length + 3, SOCKET],
  [LOAD, 0, 0, FIRST_ARGUMENT],
  ...families.map((family, i): Instruction => [EQUAL, families.length - i, 0, family]),
  [RETURN, 0, 0, errno(EAFNOSUPPORT)],
  [RETURN, 0, 0, ALLOW],
]

const refuseTerminalInput = (): readonly Instruction[] => [
  [EQUAL, 0, 4, IOCTL],
  [LOAD, 0, 0, SECOND_ARGUMENT],
  [EQUAL, 1, 0, TIOCSTI],
  [EQUAL, 0, 1, TIOCLINUX],
  [RETURN, 0, 0, errno(EPERM)],
]

// struct sock_filter is little-endian on x86-64: u16 code, u8 jt, u8 jf, u32 k.
function encode(program: readonly Instruction[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(program.length * 8)
  const view = new DataView(out.buffer)
  program.forEach(([code, jumpTrue, jumpFalse, operand], i) => {
    view.setUint16(i * 8, code, true)
    view.setUint8(i * 8 + 2, jumpTrue)
    view.setUint8(i * 8 + 3, jumpFalse)
    view.setUint32(i * 8 + 4, operand, true)
  })
  return out
}
