import { concatBytes } from '../../../protocols/lib/bytes.ts'
import { encodeRlp, type RlpInput } from '../../../protocols/lib/rlp.ts'
import type { CallArgs } from './call-args.ts'
import type { Message } from './message.ts'

/**
 * A message as the transaction that it would be, without a signature (geth `ToTransaction`).
 * @returns its envelope (EIP-2718), of the type that the fields given ask for
 */
export function encodeUnsigned(args: CallArgs, message: Message, chainId: bigint): Uint8Array {
  const { nonce, gasLimit, value, data, gasPrice, gasTipCap, gasFeeCap } = message
  const to = message.to ?? new Uint8Array(0)
  const list = (args.accessList ?? []).map(({ address, storageKeys }) => [address, [...storageKeys]])
  const fees = [gasTipCap, gasFeeCap]
  const typed = (type: number, fields: RlpInput[]) =>
    concatBytes(Uint8Array.of(type), encodeRlp([chainId, nonce, ...fields, ...noSignature]))
  if (args.gasPrice !== undefined && args.accessList) return typed(1, [gasPrice, gasLimit, to, value, data, list])
  if (args.gasPrice !== undefined) return encodeRlp([nonce, gasPrice, gasLimit, to, value, data, ...noSignature])
  if (args.authorizationList) {
    const authorizations = args.authorizationList.map(({ chainId, address, nonce, yParity, r, s }) => [
      ...[chainId, address, nonce, yParity, r, s],
    ])
    return typed(4, [...fees, gasLimit, to, value, data, list, authorizations])
  }
  if (args.blobVersionedHashes)
    return typed(3, [
      ...[...fees, gasLimit, to, value, data, list],
      ...[message.blobFeeCap ?? 0n, [...args.blobVersionedHashes]],
    ])
  return typed(2, [...fees, gasLimit, to, value, data, list])
}

const noSignature = [0n, 0n, 0n]
