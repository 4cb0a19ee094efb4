import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'

/** A chain of our own, on loopback and a free port. */
export type Anvil = {
  readonly url: string
  readonly rpc: (method: string, params?: readonly unknown[]) => Promise<unknown>
  readonly stop: () => Promise<void>
}

/** Starts anvil; blocks come with transactions, and the last but one epoch of one block is final. */
export async function startAnvil(...more: readonly string[]): Promise<Anvil> {
  const platform = `${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}`
  const binary = createRequire(import.meta.url).resolve(`@foundry-rs/anvil-${platform}/bin/anvil`)
  const child = spawn(binary, ['--port', '0', '--slots-in-an-epoch', '1', ...more], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  process.once('exit', () => child.kill('SIGKILL'))
  const url = await new Promise<string>((resolve, reject) => {
    let said = ''
    child.stdout.on('data', (chunk: Buffer) => {
      said = (said + chunk).slice(-10_000)
      const found = /Listening on (127\.0\.0\.1:\d+)/.exec(said)
      if (found) resolve(`http://${found[1]}`)
    })
    child.once('exit', (code) => reject(new Error(`anvil ended with code ${code}`)))
  })
  return {
    url,
    rpc: (method, params = []) => rpc(url, method, params),
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const gone = once(child, 'exit')
      child.kill('SIGTERM')
      await gone
    },
  }
}

/** One JSON-RPC call. */
export async function rpc(url: string, method: string, params: readonly unknown[] = []): Promise<unknown> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  })
  const { result, error } = (await response.json()) as { result?: unknown; error?: { message: string } }
  if (error !== undefined) throw new Error(error.message)
  return result
}
