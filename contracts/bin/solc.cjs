#!/usr/bin/env node
// Lets forge compile offline with the solc of npm: forge asks for `--version` and `--standard-json` only.
const solc = require('solc')

if (process.argv.includes('--version')) {
  const version = solc.version().replace('.Emscripten.clang', '.Linux.g++')
  process.stdout.write(`solc, the solidity compiler commandline interface\nVersion: ${version}\n`)
} else {
  const input = []
  process.stdin.on('data', (chunk) => input.push(chunk))
  process.stdin.on('end', () => process.stdout.write(solc.compile(Buffer.concat(input).toString())))
}
