import { fromHex } from '@allod/protocol'
import { type Certificate, parseCertificate } from '../x509/certificate.ts'
import { arks } from './roots.ts'

/** What chains may end in: the roots pinned here, parsed once. */
export const pinnedRoots = (): readonly Certificate[] => arks.map((hex) => parseCertificate(fromHex(`0x${hex}`)))
