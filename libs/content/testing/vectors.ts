import { readFileSync } from 'node:fs'

/** A committed vector file, as it was parsed from JSON; what is in it is said by `reference/`. */
export const vectorsOf = <T>(name: string): T =>
  JSON.parse(readFileSync(new URL(`../vectors/${name}.json`, import.meta.url), 'utf8')) as T

/** The code of the error that `work` ends in; `null` where it ends well. */
export async function codeOf(work: () => unknown): Promise<string | null> {
  try {
    await work()
    return null
  } catch (error) {
    return (error as { code?: string }).code ?? String(error)
  }
}
