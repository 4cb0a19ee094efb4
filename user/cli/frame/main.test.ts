import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AllodError } from '@allod/protocol'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { runCli } from '../testing/runCli.ts'
import { exitCodeOf } from './exitCode.ts'
import { programOf } from './root.ts'
import { runProgram } from './runProgram.ts'
import { table } from './table.ts'

let home = ''
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'allod-cli-'))
})
afterEach(() => rmSync(home, { recursive: true, force: true }))
const env = () => ({ ALLOD_HOME: home, ALLOD_NETWORK: join(home, 'none.json') })
const run = (argv: readonly string[], more: Readonly<Record<string, string>> = {}) =>
  runCli(argv, { env: { ...env(), ...more } })

test('shows every command, and each one’s help without a network', async () => {
  const { stdout, code } = await run(['--help'])
  expect(code).toBe(0)
  for (const { name } of table) expect(stdout).toContain(name)
  for (const { name } of table) {
    const help = await run([...name.split(' '), '--help'])
    expect(help.code, name).toBe(0)
    expect(help.stdout, name).toContain(`usage: npx allod ${name}`)
  }
})

test('answers a noun with its verbs, and a slip with the nearest command', async () => {
  expect((await run(['offer'])).stdout).toContain('offer revoke')
  const slip = await run(['ofer', 'list'])
  expect(slip).toMatchObject({ code: 2, stdout: '' })
  expect(slip.stderr).toContain('cli/unknown-command')
  expect(slip.stderr).toContain('did you mean `npx allod offer list`?')
})

test('refuses a wrong call with what was expected', async () => {
  for (const argv of [
    ['offer', 'get'],
    ['offer', 'list', '--nonsense'],
    ['wallet', 'new', 'a', 'b'],
    ['config', 'set', 'colour', 'red'],
  ]) {
    const { code, stderr } = await run(argv)
    expect(stderr, argv.join(' ')).toContain('cli/bad-usage')
    expect(code).toBe(2)
  }
})

test('prints errors as JSON where JSON was asked for, on stdout and nothing else', async () => {
  const { code, stdout, stderr } = await run(['offer', 'list', '--json'])
  expect(code).toBe(3)
  expect(stderr).toBe('')
  expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'sdk/no-network', hint: expect.any(String) } })
})

test('uses colours only where a person looks', async () => {
  expect((await run(['--help'])).stdout).not.toContain('\u001b[')
  expect((await runCli(['--help'], { env: env(), isTerminal: true })).stdout).toContain('\u001b[')
  expect((await runCli(['--help', '--no-color'], { env: env(), isTerminal: true })).stdout).not.toContain('\u001b[')
  expect((await runCli(['--help'], { env: { ...env(), NO_COLOR: '1' }, isTerminal: true })).stdout).not.toContain(
    '\u001b[',
  )
})

test('keeps a wallet under a password from a file, and never takes it from the command line', async () => {
  writeFileSync(join(home, 'password'), 'a good one\n', { mode: 0o600 })
  const made = await run(['wallet', 'new', 'ada', '--json'], { ALLOD_PASSWORD_FILE: join(home, 'password') })
  expect(made.code).toBe(0)
  const { address } = JSON.parse(made.stdout)
  expect(statSync(join(home, 'keystore/ada.json')).mode & 0o777).toBe(0o600)
  const opened = spawnSync(
    'cast',
    ['wallet', 'address', '--keystore', join(home, 'keystore/ada.json'), '--password', 'a good one'],
    { encoding: 'utf8' },
  )
  expect(opened.stdout.trim().toLowerCase()).toBe(address)
  expect((await run(['wallet', 'list'])).stdout).toContain(address)
  expect((await run(['wallet', 'new', 'bob', '--password', 'x'])).stderr).toContain('cli/bad-usage')
})

test('asks twice for a password that nobody sees, and takes no empty one', async () => {
  const typing = (argv: readonly string[], ...typed: readonly string[]) => runCli(argv, { env: env(), typed })
  const slip = await typing(['wallet', 'new', 'ada'], 'a good one', 'a godo one')
  expect(slip).toMatchObject({ code: 4, stdout: '', stderr: expect.stringContaining('cli/passwords-differ') })
  const key = await typing(['wallet', 'import', 'ada'], 'a good one', 'another', '11'.repeat(32))
  expect(key).toMatchObject({ code: 4, stderr: expect.stringContaining('cli/passwords-differ') })
  const empty = await typing(['wallet', 'new', 'ada'], '', '')
  expect(empty).toMatchObject({ code: 4, stderr: expect.stringContaining('sdk/empty-password') })
  writeFileSync(join(home, 'password'), '\n', { mode: 0o600 })
  const fromFile = await run(['wallet', 'new', 'ada'], { ALLOD_PASSWORD_FILE: join(home, 'password') })
  expect(fromFile.stderr).toContain('sdk/empty-password')
  expect((await run(['wallet', 'list'])).stdout).toBe('no wallets\n')
  const made = await typing(['wallet', 'import', 'ada'], 'a good one', 'a good one', '11'.repeat(32))
  expect(made).toMatchObject({ code: 0, stdout: '0x19e7e376e7c213b7e7e7e46cc70a5dd086daff2a\n' })
  expect(made.stderr).not.toContain('a good one')
})

test('imports a keystore of another program', async () => {
  const made = await run(['wallet', 'new', 'ada', '--json'], { ALLOD_PASSWORD: 'one' })
  const imported = await run(['wallet', 'import', 'copy', '--keystore', join(home, 'keystore/ada.json'), '--json'], {
    ALLOD_PASSWORD: 'one',
  })
  expect(JSON.parse(imported.stdout).address).toBe(JSON.parse(made.stdout).address)
  const wrong = await run(['wallet', 'import', 'other', '--keystore', join(home, 'keystore/ada.json')], {
    ALLOD_PASSWORD: 'two',
  })
  expect(wrong).toMatchObject({ code: 4 })
  expect(wrong.stderr).toContain('sdk/wrong-password')
})

test('asks nobody for a password where nobody sits', async () => {
  const { code, stderr } = await run(['wallet', 'new', 'ada'])
  expect(code).toBe(4)
  expect(stderr).toContain('cli/no-password')
  const gone = await run(['wallet', 'new', 'ada'], { ALLOD_PASSWORD_FILE: join(home, 'gone') })
  expect(gone.stderr).toContain('cli/no-password')
})

test('remembers settings, and refuses a broken configuration', async () => {
  expect((await run(['config', 'set', 'wallet', 'ada'])).stdout).toContain('wallet is ada')
  expect(JSON.parse((await run(['config', 'list', '--json'])).stdout).wallet.value).toBe('ada')
  expect((await run(['config', 'list'], { ALLOD_WALLET: 'bob' })).stdout).toContain('ALLOD_WALLET')
  writeFileSync(join(home, 'config.json'), '{"version":2}')
  expect((await run(['config', 'list'])).stderr).toContain('cli/bad-config')
})

test('names what is wrong with this machine', async () => {
  const { stdout, stderr, code } = await run(['doctor'])
  expect(stdout).toMatch(/FAIL\s+network/)
  expect(stderr).toContain('cli/doctor-failed')
  expect(code).toBe(1)
  await run(['wallet', 'new', 'ada'], { ALLOD_PASSWORD: 'one' })
  chmodSync(join(home, 'keystore/ada.json'), 0o644)
  expect((await run(['doctor'])).stdout).toMatch(/FAIL\s+keystore\s+others may read/)
})

test('writes a completion that bash takes', async () => {
  const { stdout } = await run(['completion'])
  expect(spawnSync('bash', ['-n'], { input: stdout }).status).toBe(0)
  /** What is offered for the last word. */
  const offered = (...words: readonly string[]): string => {
    const quoted = words.map((word) => `'${word}'`).join(' ')
    const typed = `COMP_WORDS=(${quoted}); COMP_CWORD=${words.length - 1}; _allod; echo "\${COMPREPLY[*]}"`
    return spawnSync('bash', ['-c', `${stdout}\n${typed}`], { encoding: 'utf8' }).stdout.trim()
  }
  for (const called of [['allod'], ['npx', 'allod']]) {
    expect(offered(...called, 'ofF')).toBe('')
    expect(offered(...called, 'of')).toBe('offer')
    expect(offered(...called, '')).toMatch(/^up down publish .*doctor completion$/)
    expect(offered(...called, 'offer', '')).toBe('list get revoke')
    expect(offered(...called, 'offer', 'get', '')).toBe('')
    expect(offered(...called, 'publish', '')).toBe('')
  }
  expect(offered('npx', 'al')).toBe('allod')
  expect(offered('npx', 'vitest', '')).toBe('')
  const bound = spawnSync('bash', ['-c', `${stdout}\ncomplete -p npx allod`], { encoding: 'utf8' })
  expect(bound.stdout.trim().split('\n')).toHaveLength(2)
})

test('says by its exit code what kind of failure it was', () => {
  const code = (name: string) => exitCodeOf(new AllodError(name, '', ''))
  expect(['cli/bad-usage', 'chain/rpc-failed', 'sdk/too-little-money', 'attestation/debug-enabled'].map(code)).toEqual([
    2, 3, 4, 5,
  ])
  expect(['sdk/agent-refused', 'report/signature-mismatch', 'sdk/follow-timeout', 'cli/interrupted'].map(code)).toEqual(
    [5, 5, 8, 130],
  )
  expect(code('sdk/transaction-pending')).toBe(8)
  expect(['protocol/wrong-signer', 'protocol/card-rolled-back', 'sdk/bad-receipt'].map(code)).toEqual([5, 5, 5])
  expect(exitCodeOf(new Error('anything'))).toBe(1)
})

test('shows where an unknown failure came from, and a known one only with --debug', async () => {
  expect((await run(['offer', 'list'])).stderr).not.toContain('    at ')
  expect((await run(['offer', 'list', '--debug'])).stderr).toContain('    at ')
  const broken = {
    get ALLOD_NETWORK(): string {
      throw new Error('out of order')
    },
  }
  const unknown = await runCli(['offer', 'list'], { env: broken })
  expect(unknown).toMatchObject({ code: 1, stdout: '' })
  expect(unknown.stderr).toContain('cli/internal')
  expect(unknown.stderr).toContain('    at ')
})

test('is interrupted, not failed, when stopped', async () => {
  const stop = new AbortController()
  stop.abort()
  const { code, stderr } = await runCli(['offer', 'list'], { env: env(), signal: stop.signal })
  expect(code).toBe(130)
  expect(stderr).toContain('cli/interrupted')
})

test('runs other programs by their file, and says when they are missing or fail', async () => {
  expect(() => programOf('devnet/nowhere.ts')).toThrow(expect.objectContaining({ code: 'cli/no-devnet-program' }))
  const script = join(home, 'fails.mjs')
  writeFileSync(script, 'process.exit(3)')
  const { signal } = new AbortController()
  await expect(runProgram(script, [], signal)).rejects.toMatchObject({ code: 'cli/devnet-failed', meta: { actual: 3 } })
  await expect(runProgram(script, ['\0'], signal)).rejects.toMatchObject({ code: 'cli/child-failed' })
})
