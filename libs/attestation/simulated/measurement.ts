import { fromHex, type Hex, lp, sha384, taggedHash, toHex, utf8 } from '@allod/protocol'

/** The simulated chip's launch measurement of a build: SHA-384(tag ‖ build digest). */
export const simulatedMeasurement = (buildDigest: Hex): Hex =>
  toHex(sha384(utf8('allod/sim-measurement/v1'), fromHex(buildDigest, 32)))

/** Measurement → build, for builds known to an appraiser. */
export const simulatedMeasurements = (builds: readonly Hex[]): ReadonlyMap<Hex, Hex> =>
  new Map(builds.map((build) => [simulatedMeasurement(build), build]))

/** The id under which a provider registers a simulated chip. */
export const simulatedMachine = (chipId: Hex): Hex =>
  taggedHash('allod/machine/v1', lp(utf8('simulated')), fromHex(chipId, 32))

/** The id of a simulated root, as policies name it. */
export const simulatedRoot = (publicKey: Hex): Hex => taggedHash('allod/sim-root/v1', fromHex(publicKey, 65))
