import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { type Hex, record, type Shape, text } from '@allod/protocol'
import { fail } from './errors.ts'

/** Where NVIDIA's package puts its collector. */
export const COLLECTOR = '/usr/bin/nvattest'
const MAX_DEVICES = 16
const MAX_OUTPUT_BYTES = 8 << 20
const TIMEOUT_MS = 60_000

/** What the collector prints of one device: SPDM request and response, and the device's certificates as PEM. */
export type CollectedDevice = {
  readonly evidence: Uint8Array<ArrayBuffer>
  readonly certificates: Uint8Array<ArrayBuffer>
}

const encoded: Shape<string> = text(1 << 17)
const deviceShape = record({ evidence: encoded, certificate: encoded, nonce: text(66) })

/**
 * Evidence of every GPU, or every NVSwitch, of this machine over a nonce, by NVIDIA's `nvattest collect-evidence`. Only
 * what verifiers read is kept: the program's own opinion of versions and architecture is not.
 * @param options.collector path of the program; it gets no environment and no shell
 * @throws attestation/collector-failed
 * Source: NVIDIA Attestation SDK, CLI command reference.
 */
export async function collectNvidia(
  device: 'gpu' | 'nvswitch',
  nonce: Hex,
  { collector = COLLECTOR }: { readonly collector?: string } = {},
): Promise<readonly CollectedDevice[]> {
  const args = ['collect-evidence', '--device', device, '--nonce', nonce.slice(2), '--format', 'json']
  const options = { env: {}, timeout: TIMEOUT_MS, maxBuffer: MAX_OUTPUT_BYTES, killSignal: 'SIGKILL' } as const
  try {
    const { stdout } = await promisify(execFile)(collector, args, options)
    const said: unknown = JSON.parse(stdout)
    const { evidences, result_code: code } = said as { readonly evidences?: unknown; readonly result_code?: unknown }
    if (code !== 0 || !Array.isArray(evidences) || evidences.length > MAX_DEVICES)
      throw new Error(`the collector said ${JSON.stringify(code)}`)
    return evidences.map((value, i) => {
      const { evidence, certificate, nonce: answered } = deviceShape(pick(value), `evidences[${i}]`)
      if (answered.replace(/^0x/, '').toLowerCase() !== nonce.slice(2))
        throw new Error(`device ${i} answers another nonce`)
      return { evidence: fromBase64(evidence), certificates: fromBase64(certificate) }
    })
  } catch (cause) {
    throw fail('collector-failed', {
      expected: `evidence of each ${device}`,
      actual: String(cause).slice(0, 200),
      cause,
    })
  }
}

function pick(value: unknown): unknown {
  const { evidence, certificate, nonce } = (value ?? {}) as Record<string, unknown>
  return { evidence, certificate, nonce }
}

function fromBase64(encodedBytes: string): Uint8Array<ArrayBuffer> {
  const bytes = Buffer.from(encodedBytes, 'base64')
  if (bytes.toString('base64') !== encodedBytes) throw new Error('the collector printed what is not base64')
  return new Uint8Array(bytes)
}
