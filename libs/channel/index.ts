export * from './ByteDuplex.ts'
export type { RelayStream } from './relay/RelayStream.ts'
export { type Relay, relay } from './relay/relay.ts'
export type { RelayOptions } from './relay/Session.ts'
