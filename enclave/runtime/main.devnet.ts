// The runtime for the simulated chip.
import { openChipDevice } from '@allod/attestation/simulated/device'
import { runRuntime } from './runRuntime.ts'

await runRuntime((places) => openChipDevice(places.chip))
