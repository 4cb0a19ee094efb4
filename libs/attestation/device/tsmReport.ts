import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { isAllodError, toHex } from '@allod/protocol'
import { fail } from './errors.ts'
import { kernelFiles, type TsmFiles } from './tsmFiles.ts'

const BASE = '/sys/kernel/config/tsm/report'
const ATTEMPTS = 8
const PAUSE_MS = 250

/** What the chip's driver gave: the report, and what came with it (SEV-SNP: the host's certificate table). */
export type TsmReport = {
  readonly provider: keyof typeof REPORT_DATA_AT
  readonly report: Uint8Array<ArrayBuffer>
  readonly auxiliary: Uint8Array<ArrayBuffer> | null
}

/** Where each maker's report carries the 64 bytes: TDX quotes by version, see tdx/quote.ts and sevsnp/report.ts. */
const REPORT_DATA_AT = {
  tdx_guest: (report: Uint8Array) => ((report[0] ?? 0) === 5 ? 54 + 520 : 48 + 520),
  sev_guest: () => 0x50,
} as const

/**
 * A fresh report over 64 bytes, by the kernel's configfs-tsm (Documentation/ABI/testing/configfs-tsm-report): one entry per
 * request, and the generation counted before and after, because a report over somebody else's bytes must never be taken
 * for ours. What came back is then held against what was asked.
 * @param options.reports the folder of reports
 * @throws attestation/report-device-missing, attestation/report-device-busy, attestation/report-provider-unknown,
 *   attestation/report-device-failed, attestation/report-race, attestation/report-mismatch
 */
export async function tsmReport(
  reportData: Uint8Array,
  { reports = BASE, files = kernelFiles }: { readonly reports?: string; readonly files?: TsmFiles } = {},
): Promise<TsmReport> {
  for (let attempt = 1; ; attempt++) {
    try {
      return once(reportData, reports, files)
    } catch (error) {
      if (isAllodError(error)) throw error
      if (!isBusy(error)) throw fail('report-device-failed', { actual: String(error).slice(0, 200), cause: error })
      if (attempt === ATTEMPTS) throw fail('report-device-busy', { actual: `${attempt} attempts`, cause: error })
      await delay(PAUSE_MS)
    }
  }
}

function once(reportData: Uint8Array, base: string, files: TsmFiles): TsmReport {
  const entry = join(base, `allod-${randomBytes(8).toString('hex')}`)
  try {
    files.mkdir(entry)
  } catch (cause) {
    if (isBusy(cause)) throw cause
    throw fail('report-device-missing', { actual: base, cause })
  }
  try {
    const said = (name: string) =>
      Buffer.from(files.read(join(entry, name)))
        .toString('latin1')
        .trim()
    const before = Number(said('generation'))
    files.write(join(entry, 'inblob'), reportData)
    const report = files.read(join(entry, 'outblob'))
    const auxiliary = ifPresent(() => files.read(join(entry, 'auxblob')))
    const provider = said('provider')
    const after = Number(said('generation'))
    if (!Number.isSafeInteger(before) || after !== before + 1)
      throw fail('report-race', { expected: before + 1, actual: after })
    if (!isKnown(provider)) throw fail('report-provider-unknown', { actual: provider.slice(0, 64) })
    const at = REPORT_DATA_AT[provider](report)
    const [expected, actual] = [toHex(reportData), toHex(report.subarray(at, at + 64))]
    if (expected !== actual) throw fail('report-mismatch', { expected, actual })
    return { provider, report, auxiliary: auxiliary?.length ? auxiliary : null }
  } finally {
    try {
      files.rmdir(entry)
    } catch {
      // An entry left behind holds nothing secret and goes with the machine.
    }
  }
}

const isKnown = (provider: string): provider is TsmReport['provider'] => Object.hasOwn(REPORT_DATA_AT, provider)

/** The device makes one report at a time; these errors say so. */
const isBusy = (error: unknown): boolean =>
  ['EBUSY', 'EAGAIN', 'EINTR'].includes((error as NodeJS.ErrnoException | null)?.code ?? '')

function ifPresent<T>(read: () => T): T | null {
  try {
    return read()
  } catch (error) {
    if ((error as NodeJS.ErrnoException | null)?.code === 'ENOENT') return null
    throw error
  }
}
