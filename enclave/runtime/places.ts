import { mkdirSync } from 'node:fs'
import { join } from 'node:path'

/** Where the guest finds and puts things. In a sandbox the base is `/`; without one it is a folder the host made. */
export type Places = {
  readonly channel: string
  readonly chip: string
  readonly input: string
  readonly engine: string
  readonly output: string
  readonly run: string
  readonly isolation: 'bubblewrap' | 'none'
}

/**
 * The guest's places, made. Everything plain lies in memory file systems that end with the guest.
 * @param unisolatedBase the folder to use where there is no sandbox
 */
export function makePlaces(unisolatedBase: string | null): Places {
  const base = unisolatedBase ?? '/'
  const places: Places = {
    channel: join(base, 'run/host.sock'),
    chip: join(base, 'run/chip.sock'),
    input: join(base, 'work/in'),
    engine: join(base, 'work/engine'),
    run: join(base, 'work/run'),
    output: join(base, 'out/engine'),
    isolation: unisolatedBase === null ? 'bubblewrap' : 'none',
  }
  for (const folder of [places.input, places.engine, places.run, places.output])
    mkdirSync(folder, { recursive: true, mode: 0o700 })
  return places
}
