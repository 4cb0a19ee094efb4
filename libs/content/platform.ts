/**
 * Node's own cryptography where there is one. Asked for at run time rather than imported, so that the same file loads in a
 * browser; WebCrypto does the work there, at a third of the speed.
 */
export const nodeCrypto: typeof import('node:crypto') | null =
  globalThis.process?.getBuiltinModule?.('node:crypto') ?? null
