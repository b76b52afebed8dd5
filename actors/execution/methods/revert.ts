import { data } from '../../rpc/json/hex.ts'
import { RpcError } from '../../rpc/rpc-error.ts'

/** What a caller gets when its call reverts: with the reason, where the data is one that Solidity writes (geth `newRevertError`). */
export function revertError(bytes: Uint8Array): RpcError {
  const reason = reasonOf(bytes)
  return new RpcError(reason === undefined ? reverted : `${reverted}: ${reason}`, revertCode, data(bytes))
}

export const reverted = 'execution reverted'
/** geth `revertError.ErrorCode`. */
const revertCode = 3

function reasonOf(bytes: Uint8Array): string | undefined {
  if (bytes.length < 4) return undefined
  const selector = data(bytes.subarray(0, 4))
  if (selector === errorSelector) return readString(bytes.subarray(4))
  if (selector === panicSelector) return readPanic(bytes.subarray(4))
  return undefined
}

/** `Error(string)`: where the string begins, how long it is, the string. */
function readString(bytes: Uint8Array): string | undefined {
  const [offset, length] = [readInt(bytes, 0), readInt(bytes, readInt(bytes, 0) ?? -1)]
  if (offset === undefined || length === undefined || offset + 32 + length > bytes.length) return undefined
  return new TextDecoder().decode(bytes.subarray(offset + 32, offset + 32 + length))
}

/** `Panic(uint256)` */
function readPanic(bytes: Uint8Array): string | undefined {
  if (bytes.length < 32) return undefined
  const code = BigInt(data(bytes.subarray(0, 32)))
  return panics[`${code}`] ?? `unknown panic code: 0x${code.toString(16)}`
}

function readInt(bytes: Uint8Array, at: number): number | undefined {
  if (at < 0 || at + 32 > bytes.length) return undefined
  const value = BigInt(data(bytes.subarray(at, at + 32)))
  return value > BigInt(bytes.length) ? undefined : Number(value)
}

/** The first four bytes of keccak256 of the signature. */
const errorSelector = '0x08c379a0'
const panicSelector = '0x4e487b71'

/** Solidity, "Panic via assert and Error via require"; in geth's form (accounts/abi). */
const panics: Readonly<Record<string, string>> = {
  0: 'generic panic',
  1: 'assert(false)',
  17: 'arithmetic underflow or overflow',
  18: 'division or modulo by zero',
  33: 'enum overflow',
  34: 'invalid encoded storage byte array accessed',
  49: 'out-of-bounds array access; popping on an empty array',
  50: 'out-of-bounds access of an array or bytesN',
  65: 'out of memory',
  81: 'uninitialized function',
}
