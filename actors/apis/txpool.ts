import { type Api, method } from '../rpc/api.ts'
import { quantity } from '../rpc/json/hex.ts'
import { address } from '../rpc/params.ts'

/** geth's `txpool` namespace, of a node that has no pool. */
export function txpoolApi(): Api {
  const none = () => ({ pending: {}, queued: {} })
  return {
    namespace: 'txpool',
    methods: {
      content: method([], none),
      contentFrom: method([address], none),
      inspect: method([], none),
      status: method([], () => ({ pending: quantity(0), queued: quantity(0) })),
    },
  }
}
