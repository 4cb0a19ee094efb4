import { httpFail } from '../errors.ts'
import type { Fields, RequestHead } from './binaryHttp.ts'

/** Bounds on every head, written or read. */
export const MAX_FIELDS = 100
export const MAX_HEAD_BYTES = 32 * 1024

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$/
const FIELD_NAME = /^[!#$%&'*+.^_`|~0-9a-z-]{1,256}$/
// Visible characters and bytes above ASCII, with spaces and tabs only between them.
const FIELD_VALUE = /^(?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?$/
const CONNECTION_FIELDS = new Set(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade'])

/** @throws channel/bhttp-malformed, channel/bhttp-too-large */
export function checkRequestHead({ method, scheme, authority, path, headers }: RequestHead): void {
  if (!TOKEN.test(method)) throw malformed('method', method)
  if (!/^[a-z][a-z0-9+.-]{0,31}$/.test(scheme)) throw malformed('scheme', scheme)
  if (!/^[\x21-\x7e]{0,255}$/.test(authority)) throw malformed('authority', authority)
  if (!/^[/*][\x21-\x7e]{0,8191}$/.test(path)) throw malformed('path', path)
  checkFields(headers)
}

/** @throws channel/bhttp-malformed unless a final status, 200 to 599 */
export function checkStatus(status: number): void {
  if (!Number.isInteger(status) || status < 200 || status > 599) throw malformed('status', status)
}

/**
 * Fields as they may stand in a message: no pseudo-fields, no fields of a connection, no control characters.
 * @throws channel/bhttp-malformed, channel/bhttp-too-large
 */
export function checkFields(fields: Fields): void {
  if (fields.length > MAX_FIELDS) throw httpFail('bhttp-too-large', { expected: MAX_FIELDS, actual: fields.length })
  let bytes = 0
  for (const [name, value] of fields) {
    if (!FIELD_NAME.test(name) || CONNECTION_FIELDS.has(name)) throw malformed('field name', name)
    if (!FIELD_VALUE.test(value)) throw malformed('field value', name)
    bytes += name.length + value.length
  }
  if (bytes > MAX_HEAD_BYTES) throw httpFail('bhttp-too-large', { expected: MAX_HEAD_BYTES, actual: bytes })
}

const malformed = (what: string, actual: string | number): Error =>
  httpFail('bhttp-malformed', { expected: `a well-formed ${what}`, actual: String(actual).slice(0, 80) })
