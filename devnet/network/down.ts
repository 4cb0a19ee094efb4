import { existsSync } from 'node:fs'
import { stopProgram } from '../processes/processes.ts'
import { holdNetwork, isHeldHere } from './holdNetwork.ts'
import { layoutOf, processNames } from './plan.ts'

/**
 * Stops every process of the network; its state stays. Where this very process brings it up, that is broken off.
 * @throws devnet/busy where another process brings it up or takes it down
 */
export async function down(folder: string): Promise<void> {
  const { processes } = layoutOf(folder)
  if (!existsSync(processes)) return
  const held = isHeldHere(folder) ? null : holdNetwork(folder)
  try {
    for (const name of [...processNames].reverse()) await stopProgram(processes, name)
  } finally {
    held?.release()
  }
}
