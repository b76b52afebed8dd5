import type { RlpItem } from '../lib/rlp.ts'
import type { EthVersion } from './versions.ts'

/** The bytes of one message in every version that has it. */
export type Codec<M> = {
  /**
   * @param payload the first RLP value of the message
   * @throws {RlpError} it is no `M` of this version
   */
  decode(payload: RlpItem, version: EthVersion): M
  encode(message: M, version: EthVersion): Uint8Array
}
