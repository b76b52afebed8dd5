import { RpcError } from '../rpc/rpc-error.ts'

// What a consensus client is refused with (execution-apis, engine/common.md "Errors"; geth beacon/engine/errors.go).

const errors = {
  unknownPayload: [-38_001, 'Unknown payload'],
  invalidForkchoiceState: [-38_002, 'Invalid forkchoice state'],
  invalidPayloadAttributes: [-38_003, 'Invalid payload attributes'],
  tooLargeRequest: [-38_004, 'Too large request'],
  unsupportedFork: [-38_005, 'Unsupported fork'],
  invalidParams: [-32_602, 'Invalid parameters'],
} as const

/** @param reason geth's text, sent as `data.err` */
export function engineError(kind: keyof typeof errors, reason?: string): RpcError {
  const [code, message] = errors[kind]
  return new RpcError(message, code, reason === undefined ? undefined : { err: reason })
}
