import { spawnSync } from 'node:child_process'
import { stat } from 'node:fs/promises'
import { isAllodError } from '@allod/protocol'
import { type Allod, checkNetwork } from '@allod/sdk'
import { listWallets } from '@allod/sdk/node'
import type { Context } from '../frame/Context.ts'
import type { Command } from '../frame/command.ts'
import { fail } from '../frame/errors.ts'
import { columns } from '../render/columns.ts'

/** One thing looked at; `fix` says what to do where it is not as it should be. */
type Finding = {
  readonly name: string
  readonly result: 'PASS' | 'FAIL' | 'SKIP'
  readonly says: string
  readonly fix: string
}

export const command: Command = {
  arguments: [],
  options: {},
  about: 'From this machine outwards: program, sandbox, keys, network, chain, keepers, stores, provider, gateway.',
  async run(context) {
    const { out } = context
    const findings = [node(), sandbox(), await keys(context), ...(await network(context))]
    const color = { PASS: out.paint.green, FAIL: out.paint.red, SKIP: out.paint.dim }
    out.result(
      findings.map((f) => ({ ...f })),
      columns(
        findings.map((f) => [color[f.result](f.result), f.name, f.says, f.result === 'FAIL' ? `fix: ${f.fix}` : '']),
      ),
    )
    const failed = findings.filter((f) => f.result === 'FAIL').map((f) => f.name)
    if (failed.length > 0) throw fail('doctor-failed', { meta: { failed } })
  },
}

const pass = (name: string, says: string): Finding => ({ name, result: 'PASS', says, fix: '' })

function node(): Finding {
  const major = Number(process.versions.node.split('.')[0])
  const found = { name: 'node', says: process.versions.node, fix: 'run through `npx allod`, which brings its own' }
  return { ...found, result: major >= 24 ? 'PASS' : 'FAIL' }
}

function sandbox(): Finding {
  // As set-up tries it, and as a guest is started: by nobody, where we are root, and with a sandbox inside the sandbox.
  const bwrap = ['bwrap', '--unshare-all', '--ro-bind', '/', '/', '--proc', '/proc', '--dev', '/dev']
  const isRoot = process.getuid?.() === 0
  const stepDown = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--no-new-privs']
  const [command = '', ...args] = [...(isRoot ? stepDown : []), ...bwrap, ...bwrap, 'true']
  const tried = spawnSync(command, args, { stdio: 'ignore', timeout: 10_000 })
  const isThere = spawnSync('bwrap', ['--version'], { stdio: 'ignore', timeout: 10_000 }).status === 0
  const fix =
    'sudo apt-get install bubblewrap; on Ubuntu 24.04 and later `npm run demo` loads an AppArmor profile for bubblewrap, or says how'
  if (tried.status === 0) return pass('sandbox', 'bubblewrap works')
  return {
    name: 'sandbox',
    result: 'FAIL',
    says: isThere ? 'bubblewrap may not make namespaces' : 'no bubblewrap',
    fix,
  }
}

async function keys({ config }: Context): Promise<Finding> {
  const wallets = await listWallets(config.keystore)
  if (wallets.length === 0)
    return { name: 'keystore', result: 'SKIP', says: 'no wallets of your own', fix: 'npx allod wallet new <name>' }
  const modes = await Promise.all(wallets.map(async (w) => (await stat(w.path)).mode & 0o077))
  const exposed = wallets.filter((_, i) => modes[i] !== 0).map((w) => w.path)
  if (exposed.length === 0) return pass('keystore', `${wallets.length} wallets, for your eyes only`)
  return {
    name: 'keystore',
    result: 'FAIL',
    says: 'others may read your keystores',
    fix: `chmod 600 ${exposed.join(' ')}`,
  }
}

async function network({ local, allod }: Context): Promise<readonly Finding[]> {
  try {
    const { path } = await local()
    const open: Allod = await allod()
    return [
      pass('network', path),
      ...(await checkNetwork(open)).map(
        ({ name, isUp, says, fix }): Finding => ({ name, result: isUp ? 'PASS' : 'FAIL', says, fix }),
      ),
    ]
  } catch (error) {
    if (!isAllodError(error)) throw error
    return [{ name: 'network', result: 'FAIL', says: error.message, fix: error.hint }]
  }
}
