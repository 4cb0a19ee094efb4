import { errorsOf } from '@allod/protocol'

/** Everything that makes a TDX quote or its collateral unusable; what a policy judges is in appraisal.ts instead. */
export const fail = errorsOf('tdx', {
  'bad-quote': ['the quote is not laid out as Intel specifies', 'ask for a fresh quote; this one was cut or changed'],
  'unsupported-quote': [
    'the quote is of a version, kind or key type that this program does not verify',
    'ask for a TDX quote v4 or v5 with an ECDSA P-256 attestation key',
  ],
  'trailing-bytes': [
    'bytes that nobody signed follow the quote',
    'cut the file after the quote; only zero padding is accepted',
  ],
  'bad-pck-certificate': [
    'the platform’s certificate is no PCK certificate of Intel’s profile',
    'fetch the PCK certificate again, and have the quote made with it',
  ],
  'qe-report-signature-invalid': ['the platform’s key did not sign the report of the quoting enclave', 'refuse it'],
  'qe-report-data-mismatch': ['the quoting enclave does not vouch for this attestation key', 'refuse it'],
  'quote-signature-invalid': ['the attestation key did not sign this quote', 'refuse it'],
  'bad-endorsement': [
    'an endorsement is nothing that verifying a TDX quote needs',
    'bring TCB info, QE identity, PEM chains, CRLs in DER and event logs, unchanged',
  ],
  'missing-endorsement': [
    'something needed to verify the quote was not supplied',
    'fetch TCB info, QE identity, signing chain and both CRLs of this platform',
  ],
  'conflicting-endorsements': [
    'two different endorsements of one sort were supplied',
    'keep the newest of each sort and drop the other',
  ],
  'bad-json': ['collateral is not JSON of the strict form', 'fetch it again, and keep it unchanged'],
  'bad-tcb-info': ['the TCB info does not have the form of Intel’s version 3', 'fetch TCB info for TDX, API version 4'],
  'bad-qe-identity': [
    'the QE identity does not have the form of Intel’s version 2',
    'fetch the QE identity for TDX, API version 4',
  ],
  'collateral-signature-invalid': [
    'collateral was changed after it was signed',
    'fetch it again, and keep it unchanged',
  ],
  'collateral-expired': ['collateral is past its next update', 'fetch it again; Intel renews it every 30 days'],
  'collateral-not-yet-valid': ['collateral is not yet valid', 'check the clock and the time asked'],
  'tcb-info-mismatch': ['no TCB info is for this platform', 'fetch it for the FMSPC of the PCK certificate'],
  'qe-identity-mismatch': ['the quoting enclave is not the one that Intel describes', 'refuse it'],
  'module-mismatch': [
    'the TDX module is none that Intel’s TCB info describes',
    'update the TDX module, or fetch newer TCB info',
  ],
  'no-tcb-level': [
    'the platform is below every level of Intel’s lists',
    'update BIOS, microcode and TDX module, then ask for a fresh quote',
  ],
  'bad-event-log': ['an event log cannot be read', 'bring the log unchanged'],
})
