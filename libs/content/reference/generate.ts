import { writeFileSync } from 'node:fs'
import { vectors } from './vectors.ts'

/*
 * Writes every vector file: `node libs/content/reference/generate.ts`. The output never changes unless a format does; a test
 * compares it with what is committed.
 */
for (const [name, content] of Object.entries(await vectors())) {
  writeFileSync(new URL(`../vectors/${name}.json`, import.meta.url), `${JSON.stringify(content, null, 2)}\n`)
}
