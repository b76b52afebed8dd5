import { expect } from 'chai'
import type { EthRequest } from '../../../protocols/eth/messages.ts'
import type { EthVersion } from '../../../protocols/eth/versions.ts'
import { HashList } from '../../../protocols/lib/lazy-list.ts'
import type { Attack } from '../attack.ts'
import { unknownHash } from '../provocations/requests.ts'
import { session } from './framing.ts'

/** Where integers overflow, in whatever type a node keeps them. */
const extremes: readonly bigint[] = [0n, 1n, 2n ** 32n - 1n, 2n ** 63n, 2n ** 64n - 1n]

/** Every request of `version` with every one of its numbers at every extreme. */
export function* extremeRequests(version: EthVersion): Generator<EthRequest> {
  for (const origin of [...extremes, unknownHash])
    for (const amount of extremes)
      for (const skip of extremes)
        for (const reverse of [false, true])
          yield { kind: 'GetBlockHeaders', id: extremes[Number(amount % 5n)]!, origin, amount, skip, reverse }
  const hashes = HashList.of([unknownHash])
  for (const id of extremes) {
    yield { kind: 'GetBlockBodies', id, hashes }
    yield { kind: 'GetPooledTransactions', id, hashes }
    for (const firstBlockReceiptIndex of version >= 70 ? extremes : [0n])
      yield { kind: 'GetReceipts', id, firstBlockReceiptIndex, hashes }
    if (version >= 71) yield { kind: 'GetBlockAccessLists', id, hashes }
    if (version >= 72) yield { kind: 'GetCells', id, hashes, mask: new Uint8Array(16).fill(0xff) }
  }
}

/** A number is a number, whatever its size: each request has its answer. */
export const numbers: readonly Attack[] = ([69, 72] as const).map((version) => ({
  name: `every number of every request of eth/${version} at 0, 1, 2^32 − 1, 2^63 and 2^64 − 1`,
  timeout: 30_000,
  run: async ({ enode }) => {
    const peer = await session(enode, version)
    for (const request of extremeRequests(version)) {
      const { id } = await peer.request(request)
      expect(id).to.equal(request.id)
    }
    peer.close()
  },
}))
