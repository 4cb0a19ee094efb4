// The runtime for hardware: the kernel's report device, NVIDIA's collector where the measured image has one. It has run against
// devices that tests play, and on no hardware yet: see docs/hardware.md.
import { existsSync } from 'node:fs'
import { COLLECTOR, openHardware } from '@allod/attestation/device'
import { endorseBy } from './attest/endorseBy.ts'
import { runRuntime } from './runRuntime.ts'

await runRuntime((_, host) => openHardware(endorseBy(host), { gpus: existsSync(COLLECTOR) }))
