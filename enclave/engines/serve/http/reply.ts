import type { ServerResponse } from 'node:http'

/** The answering side of one request: one JSON document, or a stream of server-sent events. */
export type Reply = {
  /** Aborted when the client goes away. */
  readonly signal: AbortSignal
  json(status: number, document: object): void
  /** Sends one event; the first one sends the head. */
  event(document: object): void
  /** Ends the stream with the API's marker. */
  endEvents(): void
  /** An error: as a document where nothing was sent yet, else as the stream's last event. */
  error(status: number, document: object): void
}

export function replyTo(response: ServerResponse): Reply {
  const gone = new AbortController()
  response.on('close', () => {
    if (!response.writableFinished) gone.abort(new Error('the client went away'))
  })
  const write = (text: string): void => {
    if (!response.writableEnded && !response.destroyed) response.write(text)
  }
  const json = (status: number, document: object): void => {
    if (response.headersSent || response.destroyed) return
    const body = Buffer.from(JSON.stringify(document))
    response.writeHead(status, { 'content-type': 'application/json', 'content-length': body.length })
    response.end(body)
  }
  return {
    signal: gone.signal,
    json,
    event(document) {
      if (!response.headersSent)
        response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store' })
      write(`data: ${JSON.stringify(document)}\n\n`)
    },
    endEvents() {
      write('data: [DONE]\n\n')
      response.end()
    },
    error(status, document) {
      if (!response.headersSent) return json(status, document)
      write(`data: ${JSON.stringify(document)}\n\n`)
      response.end()
    },
  }
}
