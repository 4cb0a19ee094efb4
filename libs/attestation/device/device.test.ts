import { createHash } from 'node:crypto'
import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AllodError, fromBase64Url, fromHex } from '@allod/protocol'
import { afterEach, expect, test } from 'vitest'
import { makersEndpoints } from '../collateral/endpoints.ts'
import { recordingReportData, recordingShape } from '../files/recording.ts'
import { collectNvidia } from './collectNvidia.ts'
import { extendRtmr } from './extendRtmr.ts'
import { openHardware } from './openHardware.ts'
import { recordMachine } from './recordMachine.ts'
import { fakeRegisters, fakeTsm, type Mischief } from './testing/fakeTsm.ts'
import { kernelFiles } from './tsmFiles.ts'
import { tsmReport } from './tsmReport.ts'

const asked = Uint8Array.from({ length: 64 }, (_, i) => i + 1)
const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

function tsm(mischief?: Mischief) {
  const device = fakeTsm(mischief)
  closing.push(device.close)
  return { ...device, report: () => tsmReport(asked, device) }
}

test('gives the report over what was asked, with the host’s certificates, and leaves no entry behind', async () => {
  const { reports, report } = tsm({ auxiliary: new Uint8Array([1, 2]) })
  const got = await report()
  expect(got.provider).toBe('sev_guest')
  expect(got.report.subarray(0x50, 0x90)).toEqual(asked)
  expect(got.auxiliary).toEqual(new Uint8Array([1, 2]))
  expect(readdirSync(reports)).toEqual([])
})

test('takes an absent or empty certificate table for none', async () => {
  expect((await tsm().report()).auxiliary).toBeNull()
  expect((await tsm({ auxiliary: new Uint8Array(0) }).report()).auxiliary).toBeNull()
})

test('reports asked for at once get an entry each', async () => {
  const { reports, files } = tsm()
  const data = [1, 2, 3, 4].map((n) => new Uint8Array(64).fill(n))
  const made = await Promise.all(data.map((d) => tsmReport(d, { reports, files })))
  expect(made.map((r) => r.report[0x50])).toEqual([1, 2, 3, 4])
})

test('refuses a report made while somebody else wrote', async () => {
  await expect(tsm({ isRaced: true }).report()).rejects.toMatchObject({
    code: 'attestation/report-race',
    meta: { expected: 1, actual: 2 },
  })
})

test('refuses a report over other data than asked', async () => {
  await expect(tsm({ replaces: new Uint8Array(64) }).report()).rejects.toMatchObject({
    code: 'attestation/report-mismatch',
  })
})

test('refuses a provider it does not know', async () => {
  await expect(tsm({ provider: 'arm_cca_guest' }).report()).rejects.toMatchObject({
    code: 'attestation/report-provider-unknown',
    meta: { actual: 'arm_cca_guest' },
  })
})

test('a device that fails is refused as such, and its entry does not stay', async () => {
  const { reports, report } = tsm({ failure: 'EIO' })
  await expect(report()).rejects.toMatchObject({
    code: 'attestation/report-device-failed',
    meta: { actual: 'Error: EIO' },
  })
  expect(readdirSync(reports)).toEqual([])
})

test('asks a busy device again, and gives up in the end', async () => {
  expect((await tsm({ busyReads: 1 }).report()).report.length).toBe(1184)
  await expect(tsm({ busyReads: Number.POSITIVE_INFINITY }).report()).rejects.toMatchObject({
    code: 'attestation/report-device-busy',
  })
})

test('says so where there is no device', async () => {
  await expect(tsmReport(asked, { reports: join(tmpdir(), 'allod-no-such-device') })).rejects.toMatchObject({
    code: 'attestation/report-device-missing',
  })
  expect(() => extendRtmr(new Uint8Array(48), { registers: join(tmpdir(), 'allod-no-such-device') })).toThrow(
    expect.objectContaining({ code: 'attestation/report-device-missing' }),
  )
})

const registers = (options?: { readonly isDeaf: boolean }) => {
  const device = fakeRegisters(options)
  closing.push(device.close)
  return { registers: device.registers, files: { ...kernelFiles, ...device.files } }
}

test('extends a register by a digest and reads back what it must be now', () => {
  const device = registers()
  const digest = createHash('sha384').update('event').digest()
  const once = createHash('sha384').update(new Uint8Array(48)).update(digest).digest()
  expect(Buffer.from(extendRtmr(digest, device))).toEqual(once)
  expect(Buffer.from(extendRtmr(digest, device))).toEqual(createHash('sha384').update(once).update(digest).digest())
})

test('refuses a register that did not take the digest', () => {
  const mute = registers()
  let reads = 0
  const read = (path: string) => {
    if (reads++ > 0) throw Object.assign(new Error('EIO'), { code: 'EIO' })
    return mute.files.read(path)
  }
  expect(() => extendRtmr(new Uint8Array(48), { ...mute, files: { ...mute.files, read } })).toThrow(
    expect.objectContaining({ code: 'attestation/report-device-missing' }),
  )
  expect(() => extendRtmr(new Uint8Array(48), registers({ isDeaf: true }))).toThrow(
    expect.objectContaining({ code: 'attestation/register-mismatch' }),
  )
})

const nonce = `0x${'ab'.repeat(32)}` as const
const good = { arch: 'HOPPER', evidence: 'AQID', certificate: 'BAUG', nonce: 'ab'.repeat(32), driver_version: '1' }

/** A program in the collector's place that prints `said`, after holding its arguments against the documented ones. */
function collector(said: string, exit = 0, devices = 'gpu'): string {
  const folder = mkdtempSync(join(tmpdir(), 'allod-collector-'))
  closing.push(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'nvattest')
  const wanted = devices
    .split('|')
    .map((device) => `"collect-evidence --device ${device} --nonce ${'ab'.repeat(32)} --format json"`)
  const checked = `case "$*" in ${wanted.join('|')}) ;; *) exit 9 ;; esac`
  writeFileSync(path, `#!/bin/sh\n${checked}\n/bin/cat <<'END'\n${said}\nEND\nexit ${exit}\n`)
  chmodSync(path, 0o700)
  return path
}

test('collects evidence and certificates of each GPU, and none of the collector’s opinions', async () => {
  const said = JSON.stringify({ evidences: [good, good], result_code: 0, result_message: 'Ok' })
  const one = { evidence: new Uint8Array([1, 2, 3]), certificates: new Uint8Array([4, 5, 6]) }
  expect(await collectNvidia('gpu', nonce, { collector: collector(said) })).toEqual([one, one])
})

test.each([
  ['is missing', null],
  ['fails', collectorOf({ evidences: [] }, 1)],
  ['says that it failed', collectorOf({ evidences: [], result_code: 5 })],
  ['answers another nonce', collectorOf({ evidences: [{ ...good, nonce: 'cd'.repeat(32) }], result_code: 0 })],
  ['prints what is not base64', collectorOf({ evidences: [{ ...good, evidence: '!' }], result_code: 0 })],
  ['lists more devices than a machine has', collectorOf({ evidences: Array(17).fill(good), result_code: 0 })],
])('refuses a collector that %s', async (_, make) => {
  const path = make === null ? join(tmpdir(), 'allod-no-such-program') : make()
  await expect(collectNvidia('gpu', nonce, { collector: path })).rejects.toMatchObject({
    code: 'attestation/collector-failed',
  })
})

function collectorOf(said: unknown, exit = 0): () => string {
  return () => collector(JSON.stringify(said), exit)
}

test('opens a machine’s devices: evidence by kind, endorsed, and a register extended', async () => {
  const [device, registers] = [tsm({ auxiliary: new Uint8Array([7]) }), fakeRegisters()]
  closing.push(registers.close)
  const files = { ...device.files, write: onRegister(registers.files.write, device.files.write) }
  const path = collector(JSON.stringify({ evidences: [good], result_code: 0 }), 0, 'gpu|nvswitch')
  const seen: [string, number, Uint8Array | null][] = []
  const hardware = openHardware(
    async (kind, evidence, supplied) => {
      seen.push([kind, evidence.length, supplied])
      return [new Uint8Array([9])]
    },
    { gpus: true, reports: device.reports, registers: registers.registers, files, collector: path },
  )
  expect(await hardware.cpuEvidence(asked)).toMatchObject({ kind: 'sevsnp', endorsements: ['CQ'] })
  expect((await hardware.deviceEvidence(nonce)).map((d) => d.kind)).toEqual(['nvidia-gpu', 'nvidia-switch'])
  expect(seen.map(([kind, size]) => [kind, size])).toEqual([
    ['sevsnp', 1184],
    ['nvidia-gpu', 3],
    ['nvidia-switch', 3],
  ])
  const before = registers.files.read(join(registers.registers, 'rtmr3:sha384'))
  hardware.measure(`0x${'01'.repeat(32)}`)
  expect(registers.files.read(join(registers.registers, 'rtmr3:sha384'))).not.toEqual(before)
})

test('leaves GPUs alone where none are wanted, and measures nothing where there is no register', async () => {
  const hardware = openHardware(async () => [], { gpus: false, registers: join(tmpdir(), 'allod-no-such-device') })
  expect(await hardware.deviceEvidence(nonce)).toEqual([])
  expect(() => hardware.measure(nonce)).not.toThrow()
})

const places = (device: ReturnType<typeof tsm>, path = join(tmpdir(), 'allod-no-such-program')) => ({
  reports: device.reports,
  files: device.files,
  collector: path,
})
const recorded = { nonce, gpus: true, collateral: null, kernel: '6.8.0', now: 1_790_000_000 } as const

test('records a machine: one nonce, devices that answer it, and a CPU that signs both', async () => {
  const said = JSON.stringify({ evidences: [good], result_code: 0 })
  const path = collector(said, 0, 'gpu|nvswitch')
  const device = tsm({ auxiliary: new Uint8Array([7]) })
  const recording = await recordMachine({ ...recorded, places: places(device, path) })
  expect(recordingShape(JSON.parse(JSON.stringify(recording)))).toEqual(recording)
  expect(recording).toMatchObject({ nonce, kernel: '6.8.0', recordedAt: 1_790_000_000, missing: [] })
  expect(recording.devices.map((d) => d.kind)).toEqual(['nvidia-gpu', 'nvidia-switch'])
  expect(recording.cpu).toMatchObject({ kind: 'sevsnp', endorsements: ['Bw'] })
  const report = fromBase64Url(recording.cpu?.evidence ?? '')
  const evidence = recording.devices.map((d) => fromBase64Url(d.evidence))
  expect(report.subarray(0x50, 0x90)).toEqual(fromHex(recordingReportData(nonce, evidence)))
})

test('records what can be had of collateral, and names what cannot', async () => {
  const source = async () => {
    throw new AllodError('collateral/unreachable', 'nobody answers', 'check')
  }
  const collateral = { source, endpoints: makersEndpoints }
  const { cpu, missing } = await recordMachine({ ...recorded, gpus: false, collateral, places: places(tsm()) })
  expect(cpu?.endorsements).toEqual([])
  // The fake’s report is none that AMD’s service could be asked about.
  expect(missing).toEqual([expect.stringMatching(/^sevsnp: .*collateral\/bad-evidence/)])
})

test('records the event log of a trust domain’s firmware, or that there is none that can be read', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'allod-ccel-'))
  closing.push(() => rmSync(folder, { recursive: true }))
  const eventLog = join(folder, 'CCEL')
  const record = (mischief: Mischief) =>
    recordMachine({ ...recorded, gpus: false, places: { ...places(tsm(mischief)), eventLog } })
  const said = /^the firmware’s event log: /
  const domain = { provider: 'tdx_guest' }
  expect((await record(domain)).missing).toEqual([expect.stringMatching(said)])
  writeFileSync(eventLog, new Uint8Array([1, 2, 3]))
  const recording = await record(domain)
  expect(recording).toMatchObject({ cpu: { kind: 'tdx', endorsements: ['AQID'] }, missing: [] })
  expect(recordingShape(JSON.parse(JSON.stringify(recording)))).toEqual(recording)
  // A report of SEV-SNP has no registers that a log could tell of.
  expect(await record({})).toMatchObject({ cpu: { kind: 'sevsnp', endorsements: [] }, missing: [] })
  for (const sizeBytes of [0, (512 << 10) + 1]) {
    writeFileSync(eventLog, new Uint8Array(sizeBytes))
    expect(await record(domain)).toMatchObject({ cpu: { endorsements: [] }, missing: [expect.stringMatching(said)] })
  }
})

test('records devices of a machine whose CPU signs nothing, and refuses one that has neither', async () => {
  const reports = join(tmpdir(), 'allod-no-such-device')
  const path = collector(JSON.stringify({ evidences: [good], result_code: 0 }), 0, 'gpu|nvswitch')
  const { cpu, missing } = await recordMachine({ ...recorded, places: { reports, collector: path } })
  expect(cpu).toBeNull()
  expect(missing).toEqual([expect.stringContaining('evidence of the CPU')])
  await expect(recordMachine({ ...recorded, gpus: false, places: { reports } })).rejects.toMatchObject({
    code: 'attestation/report-device-missing',
  })
})

type Write = (path: string, bytes: Uint8Array) => void
const onRegister =
  (register: Write, other: Write): Write =>
  (path, bytes) =>
    (path.includes('rtmr') ? register : other)(path, bytes)
