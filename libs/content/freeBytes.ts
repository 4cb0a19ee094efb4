/**
 * Gives the memory of bytes back now; they are empty afterwards. Left to the collector, large buffers wait for a full
 * collection, and set one off every few dozen chunks. Only for bytes that nobody else can hold.
 */
export function freeBytes(bytes: Uint8Array): void {
  const { buffer } = bytes
  if (buffer instanceof ArrayBuffer && bytes.length === buffer.byteLength) buffer.transfer(0)
}
