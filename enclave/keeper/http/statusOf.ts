import { type AllodError, isPassing } from '@allod/protocol'

/** The HTTP status of an error: what the asker may do about it. The code in the body says what it was. */
export function statusOf({ code }: AllodError): number {
  switch (code) {
    case 'keeper/not-final':
      // Too early: the same request will do, later.
      return 425
    case 'keeper/not-found':
      return 404
    case 'keeper/bad-request':
    case 'protocol/bad-shape':
      return 400
    case 'channel/body-too-large':
      return 413
    default:
      return isPassing(code) || code.startsWith('chain/') ? 503 : 403
  }
}
