import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import type { TsmFiles } from '../tsmFiles.ts'

/** How a fake device may misbehave, by what a caller could not tell from a good one without looking. */
export type Mischief = {
  readonly provider?: string
  /** Somebody else writes into the entry between our write and our read. */
  readonly isRaced?: boolean
  /** How many first reads answer that the device is busy. */
  readonly busyReads?: number
  /** What reading a report ends in, beside that: an errno. */
  readonly failure?: string
  readonly replaces?: Uint8Array
  readonly auxiliary?: Uint8Array
}

const errno = (code: string): Error => Object.assign(new Error(code), { code })

/** A folder on disk that follows configfs-tsm's rules: attributes appear with an entry, and a report follows each write. */
export function fakeTsm({
  provider = 'sev_guest',
  isRaced,
  busyReads = 0,
  failure,
  replaces,
  auxiliary,
}: Mischief = {}) {
  const base = mkdtempSync(join(tmpdir(), 'allod-tsm-'))
  let busy = busyReads
  const generation = (entry: string) => Number(readFileSync(join(entry, 'generation'), 'utf8'))
  const store = (entry: string, data: Uint8Array): void => {
    const report = new Uint8Array(1184)
    report.set(replaces ?? data, provider === 'tdx_guest' ? 48 + 520 : 0x50)
    writeFileSync(join(entry, 'outblob'), report)
    writeFileSync(join(entry, 'generation'), `${generation(entry) + 1}\n`)
  }
  const files: TsmFiles = {
    mkdir(path) {
      if (existsSync(path)) throw errno('EEXIST')
      if (!existsSync(dirname(path))) throw errno('ENOENT')
      mkdirSync(path)
      writeFileSync(join(path, 'provider'), `${provider}\n`)
      writeFileSync(join(path, 'generation'), '0\n')
      writeFileSync(join(path, 'outblob'), '')
      if (auxiliary !== undefined) writeFileSync(join(path, 'auxblob'), auxiliary)
    },
    write(path, bytes) {
      if (basename(path) !== 'inblob' || bytes.length > 64) throw errno('EINVAL')
      store(dirname(path), bytes)
    },
    read(path) {
      if (basename(path) === 'outblob') {
        if (busy-- > 0) throw errno('EBUSY')
        if (failure !== undefined) throw errno(failure)
        if (generation(dirname(path)) === 0) throw errno('EINVAL')
        if (isRaced === true) store(dirname(path), new Uint8Array(64))
      }
      return new Uint8Array(readFileSync(path))
    },
    rmdir: (path) => rmSync(path, { recursive: true }),
  }
  return { reports: base, files, close: () => rmSync(base, { recursive: true, force: true }) }
}

/** A folder that follows the rules of run-time registers; `isDeaf` ones take nothing. */
export function fakeRegisters({ isDeaf = false } = {}) {
  const base = mkdtempSync(join(tmpdir(), 'allod-rtmr-'))
  const path = join(base, 'rtmr3:sha384')
  writeFileSync(path, new Uint8Array(48))
  const files: Pick<TsmFiles, 'read' | 'write'> = {
    read: (name) => new Uint8Array(readFileSync(name)),
    write(name, digest) {
      if (digest.length !== 48) throw errno('EINVAL')
      if (!isDeaf) writeFileSync(name, createHash('sha384').update(readFileSync(name)).update(digest).digest())
    },
  }
  return { registers: base, files, close: () => rmSync(base, { recursive: true, force: true }) }
}
