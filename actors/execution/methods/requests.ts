import type { ChainConfig } from '../../../protocols/chain/chain-config.ts'
import { checksumAddress } from '../../../protocols/chain/checksum-address.ts'
import { bytesToHex, equalBytes, hexToBytes } from '../../../protocols/lib/bytes.ts'
import { RpcError } from '../../rpc/rpc-error.ts'
import type { Environment } from './environment.ts'
import { type MessageLog, systemCall } from './message.ts'

/**
 * What a block asks of the consensus layer (EIP-7685), from Prague on: deposits out of its logs, then what contracts keep in
 * queues.
 * @returns a type and its data each @throws {RpcError} a contract is missing, or fails
 */
export async function requestsOf(
  environment: Environment,
  config: ChainConfig,
  logs: readonly MessageLog[],
): Promise<Uint8Array[]> {
  const deposits = logs.filter(
    ({ address, topics: [topic] }) =>
      config.depositContractAddress !== undefined &&
      equalBytes(address, config.depositContractAddress) &&
      topic !== undefined &&
      bytesToHex(topic) === depositTopic,
  )
  const requests: Uint8Array[] = []
  if (deposits.length > 0) requests.push(withType(0, deposits.map(depositOf)))
  for (const [type, address, name] of queues) {
    if (type > 2 && !environment.common.isActivatedEIP(7928)) continue
    const result = await systemCall(environment, address, new Uint8Array(0))
    if (!result)
      throw new RpcError(
        `failed to process ${name} queue: empty system contract: no code at ${checksumAddress(address)}`,
      )
    if (result.hasFailed) throw new RpcError(`failed to process ${name} queue: system call failed to execute`)
    if (result.returnData.length > 0) requests.push(withType(type, [result.returnData]))
  }
  return requests
}

/** EIP-6110: the five fields of a deposit, out of the ABI's wrapping. */
function depositOf({ data }: MessageLog): Uint8Array {
  if (data.length !== depositLogLength)
    throw new RpcError(
      `failed to parse deposit logs: unable to parse deposit data: deposit wrong length: want ${depositLogLength}, have ${data.length}`,
    )
  return joined(depositParts.map(([at, length]) => data.subarray(at, at + length)))
}

function withType(type: number, parts: readonly Uint8Array[]): Uint8Array {
  return joined([Uint8Array.of(type), ...parts])
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** `DepositEvent(bytes,bytes,bytes,bytes,bytes)` */
const depositTopic = '649bbc62d0e31342afea4e5cd82d4049e7e1ee912fc0889aa790803be39038c5'
const depositLogLength = 576
/** Key, withdrawal credentials, amount, signature, index: where each is, behind its length. */
const depositParts = [
  [192, 48],
  [288, 32],
  [352, 8],
  [416, 96],
  [544, 8],
] as const

/** EIP-7002, EIP-7251, and EIP-8282 from Amsterdam on. */
const queues: readonly (readonly [type: number, address: Uint8Array, name: string])[] = [
  [1, hexToBytes('00000961ef480eb55e80d19ad83579a64c007002'), 'withdrawal'],
  [2, hexToBytes('0000bbddc7ce488642fb579f8b00f3a590007251'), 'consolidation'],
  [3, hexToBytes('0000bff46984e3725691fa540a8c7589300d8282'), 'builder deposit'],
  [4, hexToBytes('000064d678505ad48f8ccb093bc65613800e8282'), 'builder exit'],
]
