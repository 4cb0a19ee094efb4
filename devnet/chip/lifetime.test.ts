import { once } from 'node:events'
import { chmodSync, mkdtempSync, readFileSync, symlinkSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { GUEST_PATHS, probeSandbox, processEnvironment } from '@allod/environments'
import { treeOf } from '@allod/sandbox/node'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { guestLimits, openGuest } from './testing/openGuest.ts'
import { type ChipProcess, endChip, newDataDir, removeDataDir, runChip, users } from './testing/runChip.ts'
import { type StagedGuest, stageGuest, withMain } from './testing/stageGuest.ts'

const probe = await probeSandbox()
const folders: string[] = []
let staged: StagedGuest
beforeAll(async () => {
  staged = await stageGuest()
  folders.push(staged.dir)
})
afterAll(() => {
  for (const folder of folders) removeDataDir(folder)
})

const isAlive = (pid: number): boolean => {
  try {
    return !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}
const allGone = (pids: readonly number[]) =>
  vi.waitFor(() => expect(pids.filter(isAlive)).toEqual([]), { timeout: 10_000, interval: 20 })

describe.skipIf(!probe.isUsable).each(users)('a chip run $title', (user) => {
  let data: string
  let chip: ChipProcess
  const environment = (connectMs?: number) =>
    processEnvironment({ chip: chip.socket, ...(connectMs === undefined ? {} : { connectMs }) })
  const guestsOf = ({ child }: ChipProcess) => treeOf(child.pid as number).slice(1)
  beforeEach(async () => {
    data = newDataDir(user)
    folders.push(data)
    chip = await runChip(user, data)
  })
  afterEach(() => endChip(chip))

  test.each(['SIGTERM', 'SIGKILL'] as const)('takes its guests with it on %s', async (signal) => {
    const guest = await openGuest(environment(), staged.dir)
    const pids = guestsOf(chip)
    expect(pids.length).toBeGreaterThan(1)
    await endChip(chip, signal)
    await allGone(pids)
    expect(await guest.exit).toMatchObject({ reason: 'exit' })
  })

  test('is the same chip when it is started again, after a kill too', async () => {
    const { info } = chip
    const guest = await openGuest(environment(), staged.dir)
    await endChip(chip, 'SIGKILL')
    await guest.exit
    chip = await runChip(user, data)
    expect(chip.info).toEqual(info)
    const again = await openGuest(environment(), staged.dir)
    expect(again.build).toBe(guest.build)
    again.kill()
    expect(await again.exit).toMatchObject({ reason: 'exit', signal: 'SIGKILL' })
  })

  test('ends a guest when the one who asked for it is gone', async () => {
    const main = withMain(staged, `import { connect } from 'node:net'\nconnect('/${GUEST_PATHS.channel}')`)
    const room = mkdtempSync(join(tmpdir(), 'allod-door-'))
    folders.push(main, room)
    // The guest may be another user than we are.
    chmodSync(room, 0o711)
    const channel = join(room, 'host.sock')
    const door = createServer().listen(channel)
    await once(door, 'listening')
    chmodSync(channel, 0o666)
    const socket = connect(chip.socket)
    const lines = createInterface({ input: socket })[Symbol.asyncIterator]()
    const asked = { op: 'launch', rootfs: main, config: '', limits: guestLimits, channel, isolation: 'bubblewrap' }
    socket.write(`${JSON.stringify(asked)}\n`)
    const [guest] = (await once(door, 'connection')) as [Socket]
    expect(JSON.parse((await lines.next()).value ?? '')).toHaveProperty('started')
    const pids = guestsOf(chip)
    expect(pids.length).toBeGreaterThan(1)
    socket.write(`${JSON.stringify(asked)}\n`)
    expect(JSON.parse((await lines.next()).value ?? '')).toMatchObject({ error: { code: 'chip/one-guest-each' } })
    const gone = once(guest, 'close')
    guest.resume()
    socket.destroy()
    await gone
    await allGone(pids)
    door.close()
  })

  test('refuses what it cannot measure or find: chip/rootfs-refused, chip/launch-refused', async () => {
    const linked = withMain(staged, 'x')
    folders.push(linked)
    symlinkSync('/etc/passwd', join(linked, 'app/link'))
    const launch = (rootfs: string) => environment().launch({ rootfs, config: new Uint8Array(), limits: guestLimits })
    await expect(launch(linked)).rejects.toMatchObject({ code: 'chip/rootfs-refused' })
    await expect(launch('/nonexistent')).rejects.toMatchObject({ code: 'chip/launch-refused' })
  })

  test('tells the host of a guest that ends before it connects: environments/launch-failed', async () => {
    const main = withMain(staged, 'console.error("last words"); process.exit(4)')
    folders.push(main)
    await expect(openGuest(environment(), main)).rejects.toMatchObject({
      code: 'environments/launch-failed',
      meta: { exit: { reason: 'exit', code: 4, tail: 'last words\n' } },
    })
  })

  test('tells the host of a guest that never connects, and ends it: environments/connect-timeout', async () => {
    const main = withMain(staged, 'setInterval(() => {}, 1000)')
    folders.push(main)
    await expect(openGuest(environment(500), main)).rejects.toMatchObject({ code: 'environments/connect-timeout' })
    await vi.waitFor(() => expect(guestsOf(chip)).toEqual([]), { timeout: 10_000, interval: 20 })
  })
})

test('a chip that is not there is unreachable: environments/chip-unreachable', async () => {
  const launched = processEnvironment({ chip: '/nonexistent/chip.sock' }).launch({
    rootfs: '/',
    config: new Uint8Array(),
    limits: guestLimits,
  })
  await expect(launched).rejects.toMatchObject({ code: 'environments/chip-unreachable' })
})
