import {
  canonicalise,
  concat,
  errorsOf,
  fromHex,
  type Hex,
  hex,
  integer,
  oneOf,
  parseCanonical,
  record,
  type Shaped,
  toHex,
  utf8,
} from '@allod/protocol'
import { simulatedRoot } from './measurement.ts'
import { isSignedBy, type SimulatedKey } from './simulatedKey.ts'

const fail = errorsOf('attestation', {
  'bad-endorsement': [
    'an endorsement is missing, malformed, or for another key',
    'ask the machine for its current endorsements',
  ],
  'root-untrusted': ['a chain ends in a root that is not trusted', 'compare the root with the one you were given'],
  'endorsement-expired': ['an endorsement is outside its window', 'check the clock, and ask for a new endorsement'],
})

const body = {
  subject: oneOf('simulated-chip', 'simulated-gpu'),
  /** Chip or device id. */
  id: hex(32),
  /** Public key that signs evidence. */
  key: hex(65),
  /** TCB of a chip, firmware of a GPU; evidence must state the same. */
  level: integer(0, 0xffffffff),
  /** Unix seconds. */
  notBefore: integer(),
  notAfter: integer(),
  root: hex(65),
}
const bodyShape = record(body)
const shape = record({ ...body, signature: hex(64) })

/** What the simulated root vouches for: this key belongs to this chip or GPU. */
export type SimulatedEndorsement = Shaped<typeof shape>
export type EndorsementBody = Shaped<typeof bodyShape>

const message = (value: EndorsementBody): Uint8Array<ArrayBuffer> =>
  concat(utf8('allod/sim-endorsement/v1'), canonicalise(value))

/** Signs an endorsement and encodes it. */
export async function endorse(
  root: SimulatedKey,
  value: Omit<EndorsementBody, 'root'>,
): Promise<Uint8Array<ArrayBuffer>> {
  const whole = { ...value, root: root.publicKey }
  return canonicalise({ ...whole, signature: toHex(await root.sign(message(whole))) })
}

/**
 * Checks the only endorsement there is: its shape, its root, its window, its signature.
 * @param roots root ids trusted, as `simulatedRoot` makes them
 * @throws attestation/bad-endorsement, attestation/root-untrusted, attestation/endorsement-expired
 */
export async function verifyEndorsement(
  encoded: readonly Uint8Array[],
  subject: EndorsementBody['subject'],
  { roots, now }: { readonly roots: readonly Hex[]; readonly now: number },
): Promise<SimulatedEndorsement> {
  const [first, ...rest] = encoded
  if (first === undefined || rest.length > 0)
    throw fail('bad-endorsement', { expected: 'one endorsement', actual: encoded.length })
  let endorsement: SimulatedEndorsement
  try {
    endorsement = shape(parseCanonical(first, 4096))
  } catch (cause) {
    throw fail('bad-endorsement', { cause })
  }
  const { signature, ...value } = endorsement
  if (!(await isSignedBy(value.root, message(value), fromHex(signature, 64)))) throw fail('bad-endorsement')
  if (endorsement.subject !== subject) throw fail('bad-endorsement', { expected: subject, actual: endorsement.subject })
  const root = simulatedRoot(endorsement.root)
  if (!roots.includes(root)) throw fail('root-untrusted', { expected: roots, actual: root })
  if (now < endorsement.notBefore || now > endorsement.notAfter)
    throw fail('endorsement-expired', { expected: [endorsement.notBefore, endorsement.notAfter], actual: now })
  return endorsement
}
