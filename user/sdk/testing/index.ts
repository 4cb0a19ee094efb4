export { playEnclave } from './enclave.ts'
export { build, type LocalNetwork, startLocalNetwork } from './localNetwork.ts'
export { type PlayedProvider, playProvider } from './playedProvider.ts'
export { newSimulatedKey, sampleEvidence, sampleRoot } from './sampleReport.ts'
