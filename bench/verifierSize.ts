import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

// What a page imports that is handed evidence, in a bundle or as its maker's own file, and wants a verdict.
const PAGE = `
export { appraise, bind, parseEvidence, requireAccepted, strictEvidence, unboundPolicy, verify } from '@allod/attestation'
export { hardwareVerifiers } from '@allod/attestation/hardware'
`

/** Bytes of the whole verifier as a browser fetches it: every hardware kind, from bytes to a verdict, minified, by gzip. */
export async function verifierGzipBytes(): Promise<number> {
  const { outputFiles } = await build({
    stdin: { contents: PAGE, resolveDir: import.meta.dirname },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    logLevel: 'error',
  })
  return gzipSync(outputFiles[0]?.contents ?? new Uint8Array(), { level: 9 }).length
}
