import { keccak256Steps } from '../../protocols/lib/keccak.ts'
import { type Api, method } from '../rpc/api.ts'
import { data } from '../rpc/json/hex.ts'
import { bytes } from '../rpc/params.ts'

/** geth's `web3` namespace. @param clientVersion the name that peers see */
export function web3Api({ clientVersion }: { readonly clientVersion: string }): Api {
  return {
    namespace: 'web3',
    methods: {
      clientVersion: method([], () => clientVersion),
      sha3: method([bytes], function* (input) {
        return data(yield* keccak256Steps(input))
      }),
    },
  }
}
