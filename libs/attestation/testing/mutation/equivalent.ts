/** A mutant that no test can tell from the original, and why. */
export type Equivalent = { readonly file: string; readonly text: string; readonly why: string }

const inFile = (file: string, text: string, why: string): Equivalent => ({ file, text, why })

/** Another check, before or behind it, refuses the same in the same words. */
const redundant: readonly Equivalent[] = [
  inFile(
    'x509/crl.ts',
    'elements.length === 7',
    'it bounds how much is remembered of a hostile list, which is refused all the same',
  ),
  inFile(
    'x509/der.ts',
    'octets < 1',
    'a length of no octets is less than the least that no octets may say, so that the next check refuses it',
  ),
  inFile('x509/pem.ts', 'end === -1', 'without an end the search starts over, until there are more blocks than wanted'),
  inFile('x509/signature.ts', 'raw !== null', 'WebCrypto throws on a signature that is null, which counts as false'),
  inFile('x509/signature.ts', 'imported !== null', 'WebCrypto throws on a key that is null, which counts as false'),
  inFile(
    'nvidia/rim/xmlSignature.ts',
    "typeof text !== 'string'",
    'an element in place of text has no length, and spelled out is no base64: signature and certificates refuse it alike',
  ),
  inFile(
    'nvidia/nras/nrasChecks.ts',
    "typeof value === 'string'",
    'a claim is a string, a whole number, a boolean or null, and only a string can be spelled with a dot',
  ),
  inFile(
    'nvidia/nras/nrasChecks.ts',
    "stated('judge', 'NVIDIA’s service, not this device', tokens.issuer, true)",
    'it states who judged, and always passes',
  ),
]

/** What is asked for the compiler's sake: its length, or its like, was checked before. */
const narrowing: readonly Equivalent[] = [
  inFile('nvidia/deviceChain.ts', 'last === undefined', 'a chain of exactly five has a last'),
  inFile('nvidia/nras/keySet.ts', 'leaf === undefined', 'x5c has two certificates at least'),
  inFile('nvidia/nras/keySet.ts', 'last !== undefined', 'x5c has two certificates at least, the second an issuer'),
  inFile('nvidia/nras/verifyNras.ts', 'key === undefined', 'the keys were gathered for the ids of these very tokens'),
  inFile('nvidia/rim/verifyRim.ts', 'leaf === undefined', 'a signer’s chain has exactly four certificates'),
  inFile(
    'nvidia/verifyNvidia.ts',
    'driverVersion !== null',
    'a GPU without a driver version was refused as it was read',
  ),
  inFile('tdx/eventLog/replay.ts', 'own === null', 'both parsers give an event that has no words its digest'),
]

/** A member that the other sort lacks is undefined, which equals none of the values it is compared with. */
const discriminating: readonly Equivalent[] = [
  ['verifierOf.ts', "'cpu' in v"],
  ['verifierOf.ts', "'device' in v"],
  ['sevsnp/endorsements.ts', "'sort' in item"],
  ['nvidia/rim/rim.ts', "typeof child === 'object'"],
  ['nvidia/rim/xmlSignature.ts', "typeof child === 'object'"],
].map(([file = '', text = '']) =>
  inFile(file, text, 'the member that is compared next is undefined where this does not hold, and equals nothing'),
)

/** Errors that are not ours are thrown on, and there are none. */
const rethrowing: readonly Equivalent[] = [
  ['nvidia/nras/jwt.ts', 'fromBase64Url refuses what atob would throw on before it asks it'],
  ['nvidia/nras/keySet.ts', 'base64, PEM, DER and chains refuse with typed errors alone, and a signature with false'],
  ['nvidia/rim/signerChain.ts', 'DER and chains refuse with typed errors alone, and a signature with false'],
  ['sevsnp/vek.ts', 'readers of DER refuse with typed errors alone'],
].map(([file = '', why = '']) => inFile(file, '!isAllodError(cause)', why))

/** Checks whose removal changes nothing that can be seen. */
export const equivalents: readonly Equivalent[] = [...redundant, ...narrowing, ...discriminating, ...rethrowing]
