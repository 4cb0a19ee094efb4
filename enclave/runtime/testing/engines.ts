const report = {
  ...{ version: 1, kind: 'finetune', stopped: 'completed', method: 'lora', steps: 2, rows: 3, tokens: 4 },
  ...{ trainedParameters: 5, firstLoss: '2.0000', lastLoss: '1.0000', evalBefore: null, evalAfter: null },
  leakage: {
    ...{ sampled: 10, verbatim: 1, heldOutSampled: 0, heldOutVerbatim: 0, canaries: 0, exposure: '0.0000' },
    ...{ exposureLimit: '1.0000', trainLoss: '1.0000', heldOutLoss: null, memorisation: '0.1000' },
  },
}

const head = `import fs from 'node:fs'\nconst out = process.argv[3]\nfs.mkdirSync(out + '/adapter')\n`

/** Leaves an adapter and its figures. */
export const trains = `${head}fs.writeFileSync(out + '/adapter/weights', 'a tuned model')
fs.writeFileSync(out + '/report.json', ${JSON.stringify(JSON.stringify(report))})`

/** The same, after three seconds. */
export const trainsLate = `await new Promise((done) => setTimeout(done, 3000))\n${trains}`

/** Never ends by itself. */
export const trainsForEver = 'setInterval(() => {}, 1000)'

/** Fails as an engine does that has nothing to say. */
export const fails = 'process.exit(3)'

/** Leaves a file whose name, and a report whose value, is what a test looks for outside. */
export const leaksByNames = (marker: string) => `${head}fs.writeFileSync(out + '/adapter/row 17: ${marker}\\\\x', 'x')
fs.writeFileSync(out + '/report.json', ${JSON.stringify(JSON.stringify(report))})`

/** The same, by a value of its report. */
export const leaksByReport = (marker: string) =>
  `${head}fs.writeFileSync(out + '/report.json', ${JSON.stringify(JSON.stringify({ ...report, method: 'MARKER' }))}.replace('MARKER', ${JSON.stringify(marker)}))`

/** Serves until it is killed. */
export const serves = `import net from 'node:net'\nnet.createServer().listen(process.argv[3])`

/** Serves, and ends by itself at once. */
export const servesBriefly = `${serves}\nsetTimeout(() => process.exit(4), 300)`
