import { stopProgram } from '../processes/processes.ts'
import { layoutOf, processNames } from './plan.ts'

/** Stops every process of the network; its state stays. */
export async function down(folder: string): Promise<void> {
  const { processes } = layoutOf(folder)
  for (const name of [...processNames].reverse()) await stopProgram(processes, name)
}
