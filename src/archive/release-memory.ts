/**
 * Gives the memory of bytes back at once, which nobody may use any more: it would pile up by tens of megabytes
 * before the garbage collector began, which sees small objects only. Nothing happens where they share it.
 *
 * @param memoryBytes how much memory they have if it is their own
 */
export function releaseMemory({ buffer, byteLength }: Uint8Array, memoryBytes: number = byteLength): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === memoryBytes) buffer.transfer(0);
}
