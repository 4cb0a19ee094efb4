// An engine, whole: any program that follows the job contract is one. This one counts words.
// node run.mjs /in /out     reads /in/<name>/…, writes /out/result/words.json; parameter `top`: how many words to name
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const [input, output] = process.argv.slice(2)
const { inputs, parameters } = JSON.parse(readFileSync(join(input, 'job.json'), 'utf8'))
const { top = 10 } = parameters

const counts = new Map()
for (const name of inputs)
  for (const entry of readdirSync(join(input, name), { recursive: true, withFileTypes: true }))
    if (entry.isFile())
      for (const [word] of readFileSync(join(entry.parentPath, entry.name), 'utf8')
        .toLowerCase()
        .matchAll(/\p{L}+/gu))
        counts.set(word, (counts.get(word) ?? 0) + 1)

const words = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
const total = words.reduce((sum, [, n]) => sum + n, 0)
mkdirSync(join(output, 'result'))
writeFileSync(
  join(output, 'result/words.json'),
  JSON.stringify({ total, top: Object.fromEntries(words.slice(0, top)) }),
)
