import type { RlpItem } from '../lib/rlp.ts'

/** The bytes of one message, the same in every version that has it. */
export type Codec<M> = {
  /**
   * @param payload the first RLP value of the message
   * @throws {RlpError} it is no `M`
   */
  decode(payload: RlpItem): M
  encode(message: M): Uint8Array
}
