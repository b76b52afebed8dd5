/** @returns what geth says where the library's interpreter ends with `error` (geth core/vm/errors.go) */
export function evmErrorMessage(error: string, at?: { readonly opCode: number }): string {
  if (error === 'invalid opcode') return invalidOpcode(at?.opCode)
  return messages[error] ?? error
}

const messages: Readonly<Record<string, string>> = {
  revert: 'execution reverted',
  'code store out of gas': 'contract creation code storage out of gas',
  'code size to deposit exceeds maximum code size': 'max code size exceeded',
  'stack overflow': 'stack limit reached 1024 (1023)',
  'invalid JUMP': 'invalid jump destination',
  'value out of range': 'gas uint64 overflow',
  'static state change': 'write protection',
  'create collision': 'contract address collision',
  'insufficient balance': 'insufficient balance for transfer',
  'invalid bytecode deployed': 'invalid code: must not begin with 0xef',
  'initcode exceeds max initcode size': 'max initcode size exceeded',
}

function invalidOpcode(code: number | undefined): string {
  if (code === undefined) return 'invalid opcode'
  return `invalid opcode: ${code === 0xfe ? 'INVALID' : `opcode 0x${code.toString(16)} not defined`}`
}
