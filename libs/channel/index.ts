export * from './ByteDuplex.ts'
export { type ByteSource, collect, piecesOf, streamOf } from './ByteSource.ts'
export {
  encodeRequest,
  encodeResponse,
  type Fields,
  type RequestHead,
  type ResponseHead,
  streamRequest,
  streamResponse,
} from './http/binaryHttp.ts'
export { type Decoded, type DecodeLimits, decodeRequest, decodeResponse } from './http/decodeBinaryHttp.ts'
export type { RelayStream } from './relay/RelayStream.ts'
export { type Relay, relay } from './relay/relay.ts'
export type { RelayOptions } from './relay/Session.ts'
export { BUCKETS, type Bucket } from './sealed/chunks.ts'
export { type OpenedRequest, openRequest, type SealOptions, type ServiceKey } from './sealed/openRequest.ts'
export type { Pace } from './sealed/pieces.ts'
export { ReplaySet } from './sealed/ReplaySet.ts'
export { createServiceKey, type ServiceKeyPair } from './sealed/ServiceKey.ts'
export {
  type InnerRequest,
  SEALED_REQUEST_TYPE,
  SEALED_RESPONSE_TYPE,
  type SealedRequest,
  sealRequest,
} from './sealed/sealRequest.ts'
export type { ServiceIdentity } from './sealed/suite.ts'
