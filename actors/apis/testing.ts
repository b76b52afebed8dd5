import { equalBytes } from '../../protocols/lib/bytes.ts'
import { type Api, method } from '../rpc/api.ts'
import { bytes, hash, optional, type Param } from '../rpc/params.ts'
import { RpcError } from '../rpc/rpc-error.ts'
import { listOf } from '../rpc/struct-params.ts'
import type { BlockChain } from './blocks.ts'
import { attributesParam } from './engine-attributes.ts'
import type { RunStateMethod } from './state-caller.ts'

/** geth's `testing` namespace (execution-apis): blocks for tests, out of transactions that the test gives. */
export function testingApi(chain: BlockChain, run: RunStateMethod): Api {
  const attributes = { ...attributesParam, isOptional: false } as Param<
    NonNullable<ReturnType<typeof attributesParam.read>>
  >
  return {
    namespace: 'testing',
    methods: {
      // Without transactions given those of a pool are meant: there are none.
      buildBlockV1: method(
        [hash, attributes, optional(listOf(bytes, '[]hexutil.Bytes')), optional(bytes)],
        (parent, attributes, transactions = [], extraData) => {
          const { head } = chain
          if (!equalBytes(parent, head.hash)) throw new RpcError('parentHash is not current head')
          return run(head, 'testing_buildBlock', { attributes, transactions, extraData })
        },
      ),
    },
  }
}
