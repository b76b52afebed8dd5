import { createHash } from 'node:crypto'

/** EIP-7685: SHA-256 of the SHA-256 of each. @param requests a type and its data each */
export function requestsHash(requests: readonly Uint8Array[]): Uint8Array {
  const all = createHash('sha256')
  for (const request of requests) all.update(createHash('sha256').update(request).digest())
  return new Uint8Array(all.digest())
}
