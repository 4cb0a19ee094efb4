import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'

export type AdminReply = { readonly status: number; readonly value: unknown }

/** What a provider does to register routes: JSON over the admin socket. */
export async function adminOf(socketPath: string, method: string, path: string, body?: unknown): Promise<AdminReply> {
  const out = request({ socketPath, method, path })
  out.end(body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body))
  const [response] = (await once(out, 'response')) as [IncomingMessage]
  let text = ''
  for await (const part of response) text += part
  return { status: response.statusCode ?? 0, value: JSON.parse(text) as unknown }
}
