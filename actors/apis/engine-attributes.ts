import type { ChainConfig } from '../../protocols/chain/chain-config.ts'
import { address, hash, optional, quantity } from '../rpc/params.ts'
import { completeStruct } from '../rpc/struct-params.ts'
import { engineError } from './engine-errors.ts'
import { amsterdamForks, checkForks, isInForks, pragueForks } from './engine-forks.ts'
import { withdrawals } from './engine-payload.ts'

// What a block is to be built of (execution-apis, PayloadAttributesV1 to V4).

/** `engine.PayloadAttributes`. */
export const attributesParam = optional(
  completeStruct(
    'engine.PayloadAttributes',
    {
      timestamp: optional(quantity),
      prevRandao: optional(hash),
      suggestedFeeRecipient: optional(address),
      withdrawals,
      parentBeaconBlockRoot: optional(hash),
      slotNumber: optional(quantity),
      targetGasLimit: optional(quantity),
    },
    ['timestamp', 'prevRandao', 'suggestedFeeRecipient'],
  ),
)
export type Attributes = NonNullable<ReturnType<typeof attributesParam.read>>

/** By version of `engine_forkchoiceUpdated`: throws an {@link RpcError} at attributes that it does not take. */
export const attributeChecks: Readonly<Record<1 | 2 | 3 | 4, (config: ChainConfig, attributes: Attributes) => void>> = {
  1: (config, { timestamp, withdrawals, parentBeaconBlockRoot }) => {
    if (withdrawals || parentBeaconBlockRoot)
      throw engineError('invalidParams', 'withdrawals and beacon root not supported in V1')
    if (!isInForks(config, timestamp, ['paris', 'shanghai']))
      throw engineError('invalidParams', 'fcuV1 called post-shanghai')
  },
  2: (config, { timestamp, withdrawals, parentBeaconBlockRoot }) => {
    refuseIf(parentBeaconBlockRoot, 'unexpected beacon root')
    refuseIf(withdrawals && isInForks(config, timestamp, ['paris']), 'withdrawals before shanghai')
    refuseIf(!withdrawals && isInForks(config, timestamp, ['shanghai']), 'missing withdrawals')
    const reason = 'fcuV2 must only be called with paris or shanghai payloads'
    checkForks(config, timestamp, ['paris', 'shanghai'], reason)
  },
  3: (config, attributes) => {
    needCancunFields(attributes)
    const reason = 'fcuV3 must only be called for cancun/prague/osaka payloads'
    checkForks(config, attributes.timestamp, ['cancun', ...pragueForks], reason)
  },
  4: (config, attributes) => {
    needCancunFields(attributes)
    refuseIf(attributes.slotNumber === undefined, 'missing slot number')
    checkForks(config, attributes.timestamp, amsterdamForks, 'fcuV4 must only be called for amsterdam payloads')
  },
}

function needCancunFields({ withdrawals, parentBeaconBlockRoot }: Attributes): void {
  refuseIf(!withdrawals, 'missing withdrawals')
  refuseIf(!parentBeaconBlockRoot, 'missing beacon root')
}

function refuseIf(isRefused: unknown, reason: string): void {
  if (isRefused) throw engineError('invalidPayloadAttributes', reason)
}
