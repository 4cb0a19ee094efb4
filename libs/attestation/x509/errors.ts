import { errorsOf } from '@allod/protocol'

/** Refusals of certificates, their chains, and what their issuers say of revocation. */
export const fail = errorsOf('x509', {
  'bad-der': ['bytes are not canonical DER of the expected form', 'fetch it again from its maker'],
  'bad-pem': ['a text is not PEM of the expected kind', 'fetch it again from its maker'],
  'bad-certificate': ['a certificate is not X.509 version 3 as its makers issue it', 'fetch it again from its maker'],
  'algorithm-mismatch': [
    'the signed part names another signature algorithm than the outside',
    'refuse: it is forged or damaged',
  ],
  'unsupported-algorithm': [
    'a signature algorithm or key is none that hardware vendors use',
    'check that the file is by Intel, AMD or NVIDIA',
  ],
  'chain-length': ['a certificate chain is empty or longer than any vendor’s', 'supply the chain of this one evidence'],
  'root-untrusted': ['a chain does not lead to the pinned root', 'refuse: it is by somebody else than the vendor'],
  'name-chain': ['a certificate is not by the one that follows it', 'supply the chain in order, leaf first'],
  'bad-signature': ['a certificate is not signed by its issuer', 'refuse: it is forged or damaged'],
  'not-ca': ['a certificate was issued by one that is no authority', 'refuse: a leaf cannot vouch for others'],
  'path-too-long': ['an authority stands over more authorities than it may', 'refuse it'],
  'not-yet-valid': ['a certificate is not valid yet', 'check the clock, and the time asked'],
  expired: ['a certificate has expired', 'fetch a fresh certificate, or judge as of the time of the evidence'],
  'unknown-critical-extension': [
    'a certificate carries a critical extension that is not understood',
    'update the verifier; what it must not ignore it refuses',
  ],
  'bad-crl': ['a revocation list is not a full version 2 CRL', 'fetch it again from its maker'],
  'crl-wrong-issuer': ['a revocation list is by another issuer', 'supply the list of the certificate’s own issuer'],
  'crl-not-signer': ['the issuer may not sign revocation lists', 'refuse it'],
  'crl-bad-signature': ['a revocation list is not signed by its issuer', 'refuse: it is forged or damaged'],
  'crl-not-yet-valid': ['a revocation list is from the future', 'check the clock'],
  'crl-expired': ['a revocation list is out of date', 'fetch it again from its maker'],
  'crl-unknown-critical-extension': [
    'a revocation list carries a critical extension that is not understood',
    'supply a full list: delta and indirect lists are refused',
  ],
  revoked: ['a certificate was revoked by its issuer', 'refuse this machine; its maker withdrew trust'],
  'bad-ocsp': ['bytes are not a basic OCSP response', 'ask the responder again'],
  'ocsp-unsuccessful': ['an OCSP responder did not answer the question', 'ask the responder again'],
  'ocsp-wrong-certificate': ['an OCSP response is about other certificates', 'ask about this certificate'],
  'ocsp-unknown': ['an OCSP responder does not know the certificate', 'ask the issuer’s own responder'],
  'ocsp-wrong-responder': [
    'an OCSP response is by nobody whom the issuer appointed',
    'refuse: ask the issuer’s own responder',
  ],
  'ocsp-bad-signature': ['an OCSP response is not signed by its responder', 'refuse: it is forged or damaged'],
  'ocsp-not-yet-valid': ['an OCSP response is from the future', 'check the clock'],
  'ocsp-expired': ['an OCSP response is out of date', 'ask the responder again'],
  'ocsp-nonce-mismatch': ['an OCSP response does not answer this question', 'ask again: it may be an old answer'],
  'ocsp-unknown-critical-extension': [
    'an OCSP response carries a critical extension that is not understood',
    'update the verifier; what it must not ignore it refuses',
  ],
})
