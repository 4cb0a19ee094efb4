import { startProxy } from './proxy.ts'

/** A server in somebody's place that passes everything on to an honest one and changes what comes back. */
export type Liar = { readonly lies: () => number; readonly stop: () => Promise<void> }

/**
 * @param port the port of the one it stands in for
 * @param honest base URL of a server of the same kind
 * @param change what it makes of each body; the same bytes where it tells the truth
 */
export async function startLiar(
  port: number,
  honest: string,
  change: (body: Buffer<ArrayBuffer>, path: string) => Buffer<ArrayBuffer>,
): Promise<Liar> {
  let lies = 0
  const { stop } = await startProxy(
    honest,
    async ({ path }, forward) => {
      const truth = await forward()
      const isGood = truth.status >= 200 && truth.status < 300
      const body = isGood ? change(truth.body, path) : truth.body
      if (!body.equals(truth.body)) lies++
      return { ...truth, body }
    },
    port,
  )
  return { lies: () => lies, stop }
}

/** The same bytes but one, in the middle. */
export function oneByteOff(bytes: Buffer<ArrayBuffer>): Buffer<ArrayBuffer> {
  const changed = Buffer.from(bytes)
  const at = Math.floor(changed.length / 2)
  if (changed.length > 0) changed[at] = (changed[at] as number) ^ 1
  return changed
}

/** JSON with the last digit of each long hexadecimal or base64 text replaced: it parses, and nothing in it holds. */
export const otherSecrets = (body: Buffer<ArrayBuffer>): Buffer<ArrayBuffer> =>
  Buffer.from(
    body
      .toString('utf8')
      .replace(/"((?:0x)?[\w-]{60,})([\w-])"/g, (_, head, last) => `"${head}${last === '0' ? '1' : '0'}"`),
  )
