import { baseCodes, isDisconnect } from './p2p/messages.ts'
import { RlpxError } from './rlpx/rlpx-error.ts'

/** @returns the Disconnect that was not compressed, where that is why a session could not be read on: three clients send such */
export function plainDisconnect(error: unknown): RlpxError['plain'] {
  const plain = error instanceof RlpxError ? error.plain : undefined
  return plain?.code === baseCodes.Disconnect && isDisconnect(plain.payload) ? plain : undefined
}
