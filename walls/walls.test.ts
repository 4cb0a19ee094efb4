import { dirname, join, normalize } from 'node:path'
import { expect, test } from 'vitest'
import { type Import, importsOf, sourceFiles } from './imports.ts'
import { packageOf, packages } from './packages.ts'

const all: readonly Import[] = sourceFiles().flatMap(importsOf)
const isTest = (file: string) => /\.test\.ts$|\/vectors\/|\/fixtures?\/|\/testing\//.test(file)
const zoneOf = (folder: string) => folder.split('/')[0] as string
const ours = (specifier: string | null): specifier is string => specifier?.startsWith('@allod/') ?? false
const targetOf = (specifier: string) => packages.find((p) => specifier === p.name || specifier.startsWith(`${p.name}/`))
const product = all.filter(({ file }) => !isTest(file))

// Inside a zone only along these arrows; from one zone to another never, but to libs.
const arrows: Record<string, readonly string[]> = {
  'host/provider': ['host/environments'],
  'host/keeper': ['host/environments'],
  'user/cli': ['user/sdk'],
  'user/web': ['user/sdk'],
}
const anywhere = ['devnet', 'e2e', 'bench', 'examples', 'setup', 'walls']

function mayImport(from: string, to: string): boolean {
  const zone = zoneOf(from)
  if (anywhere.includes(zone)) return true
  if (from === 'libs/protocol') return false
  if (zone === 'libs') return to === 'libs/protocol'
  if (zone === 'contracts') return to === 'libs/chain' || to === 'libs/protocol'
  return zoneOf(to) === 'libs' || (arrows[from]?.includes(to) ?? false)
}

test('no zone imports another zone, and no package one above it', () => {
  const strays = product.flatMap(({ file, specifier }) => {
    const from = packageOf(file)
    const to = ours(specifier) ? targetOf(specifier) : undefined
    return from && to && from !== to && !mayImport(from.folder, to.folder) ? [`${file} -> ${specifier}`] : []
  })
  expect(strays).toEqual([])
})

test('packages are imported by their public entries only', () => {
  const entries = new Set(packages.flatMap((p) => p.entries))
  const deep = all.flatMap(({ file, specifier }) =>
    ours(specifier) && !entries.has(specifier) ? [`${file} -> ${specifier}`] : [],
  )
  expect(deep).toEqual([])
})

test('no relative import leaves its package', () => {
  const strays = all.flatMap(({ file, specifier }) => {
    if (!specifier?.startsWith('.')) return []
    const from = packageOf(file)?.folder
    const target = normalize(join(dirname(file), specifier))
    // Examples are data and words for people, not a package.
    return from && !target.startsWith(`${from}/`) && !target.startsWith('examples/') ? [`${file} -> ${specifier}`] : []
  })
  expect(strays).toEqual([])
})

test('no import is computed at run time on the product’s path, but for an engine’s native parts', () => {
  const computed = product.filter(
    ({ file, specifier }) => specifier === null && /^(libs|enclave|host|user)\//.test(file),
  )
  expect(computed.map(({ file }) => file).filter((file) => !file.startsWith('enclave/engines/'))).toEqual([])
})

test('the host never imports what seals or opens', () => {
  const strays = product.filter(
    ({ file, specifier }) => file.startsWith('host/') && /^@allod\/content\/(seal|open)$/.test(specifier ?? ''),
  )
  expect(strays).toEqual([])
})

test('the enclave never writes to the chain', () => {
  const strays = product.filter(
    ({ file, specifier }) => file.startsWith('enclave/') && specifier === '@allod/chain/write',
  )
  expect(strays).toEqual([])
})

test('the simulated verifier is imported by what is made for the devnet only', () => {
  const strays = product
    .filter(
      ({ file, specifier }) => specifier === '@allod/attestation/simulated' && !/^(devnet|e2e|bench)\//.test(file),
    )
    .map(({ file }) => file)
    .filter((file) => !/devnet/i.test(file))
  expect(strays).toEqual([])
})

test('engines see neither keys, chain nor network', () => {
  const strays = product.filter(
    ({ file, specifier }) =>
      file.startsWith('enclave/engines/') &&
      /^@allod\/(content|chain|channel|attestation)|^node:(net|tls|dgram|http2|https)$/.test(specifier ?? ''),
  )
  expect(strays.map(({ file, specifier }) => `${file} -> ${specifier}`)).toEqual([])
})
