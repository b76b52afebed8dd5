import { expect } from 'chai'
import type { ScriptedPeer } from '../../../actors/harness/scripted-peer.ts'
import { equalBytes } from '../../../protocols/lib/bytes.ts'
import { type EthCase, expectDropped, type Trial } from './eth-case.ts'
import { type SignedBlobTx, type SignedTx, signBlobTx } from './sign.ts'
import { fees, someone } from './transaction-cases.ts'

export const blobCases: readonly EthCase[] = [
  {
    name: 'BlobViolations',
    needs: 'a transaction pool',
    async run(trial) {
      await trial.forkchoice()
      const wrongSize = [blobTx(trial, [1n, 2n]), blobTx(trial, [3n], 1n)] as const
      await expectViolation(trial, wrongSize, [wrongSize[0], { ...wrongSize[1], size: wrongSize[1].size + 10 }])
      const wrongType = [blobTx(trial, [6n, 7n]), blobTx(trial, [8n], 1n)] as const
      await expectViolation(trial, wrongType, [{ ...wrongType[0], type: 2 }, wrongType[1]])
    },
  },
  {
    name: 'TestBlobTxWithoutSidecar',
    needs: 'a transaction pool',
    run: (trial) => expectSecondChance(trial, blobTx(trial, [4n]), ({ bare }) => bare),
  },
  {
    name: 'TestBlobTxWithMismatchedSidecar',
    needs: 'a transaction pool',
    run: (trial) =>
      expectSecondChance(trial, blobTx(trial, [5n]), ({ withCommitments, commitments }) =>
        withCommitments([new Uint8Array(48), ...commitments.slice(1)]),
      ),
  },
]

/** @param ahead of the sender's next nonce */
function blobTx(trial: Trial, values: readonly bigint[], ahead = 0n): SignedBlobTx {
  const { key, nonce } = trial.sender(5)
  const fields = { ...fees(trial), nonce: nonce + ahead, gas: 21_000n, to: someone, blobFeeCap: 1n }
  return signBlobTx(fields, values, key, trial.version < 72)
}

/** What a node may say of its own: the content of its pool to a newcomer, and from eth/72 on it fetches cells. */
const unasked = ['NewPooledTransactionHashes', 'GetCells'] as const

/** ms: of its first blob a client may read the trusted setup of KZG. */
const verification = 20_000

/** Announces what is not true of `txs`, delivers them, and is dropped for it. */
async function expectViolation(
  trial: Trial,
  txs: readonly SignedTx[],
  claims: readonly Pick<SignedTx, 'hash' | 'type' | 'size'>[],
): Promise<void> {
  const peer = await trial.join()
  announce(peer, claims)
  const { id } = await peer.expect('GetPooledTransactions')
  peer.send('PooledTransactions', { id, transactions: txs.map(({ item }) => item) })
  await expectDropped(peer, ...unasked)
}

/** Who delivers a bad sidecar is dropped, and the transaction is asked of the other who has it. */
async function expectSecondChance(
  trial: Trial,
  tx: SignedBlobTx,
  spoil: (tx: SignedBlobTx) => Uint8Array,
): Promise<void> {
  await trial.forkchoice()
  const [bad, good] = [await trial.join(), await trial.join()]
  announce(bad, [tx])
  const { id, hashes } = await bad.expect('GetPooledTransactions')
  expect(equalBytes(hashes.at(0)!, tx.hash)).to.equal(true)
  announce(good, [tx])
  // Its announcement has been read: what is answered comes after it.
  await good.request('GetBlockHeaders', { origin: 0, amount: 1 })
  bad.send('PooledTransactions', { id, transactions: [spoil(tx)] })
  await expectDropped(bad, ...unasked)
  const second = await good.expect('GetPooledTransactions', {}, { timeout: 12_000 })
  expect(equalBytes(second.hashes.at(0)!, tx.hash)).to.equal(true)
  good.send('PooledTransactions', { id: second.id, transactions: [tx.item] })
  await good.request('GetBlockHeaders', { origin: 0, amount: 1 }, { timeout: verification })
  trial.spend(5)
}

function announce(peer: ScriptedPeer, claims: readonly Pick<SignedTx, 'hash' | 'type' | 'size'>[]): void {
  peer.send('NewPooledTransactionHashes', {
    types: Uint8Array.from(claims, ({ type }) => type),
    sizes: claims.map(({ size }) => size),
    hashes: claims.map(({ hash }) => hash),
    mask: new Uint8Array(16).fill(0xff),
  })
}
