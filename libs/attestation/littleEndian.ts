/** Unsigned 16 bits, little-endian. The caller has checked that they are there. */
export const u16 = (bytes: Uint8Array, at: number): number => view(bytes).getUint16(at, true)

/** Unsigned 32 bits, little-endian. The caller has checked that they are there. */
export const u32 = (bytes: Uint8Array, at: number): number => view(bytes).getUint32(at, true)

/** Unsigned 64 bits, little-endian. The caller has checked that they are there. */
export const u64 = (bytes: Uint8Array, at: number): bigint => view(bytes).getBigUint64(at, true)

const view = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
