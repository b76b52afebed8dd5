import { expect } from 'chai'
import type { ScriptedPeer } from '../../../actors/scripted-peer/scripted-peer.ts'
import { decode, type MessageOf } from '../../../protocols/eth/messages.ts'
import { bytesToHex } from '../../../protocols/lib/bytes.ts'
import { cellsOf, columnsOf, everyColumn, maskOf } from './blob.ts'
import { type EthCase, expectDropped, silence, type Trial } from './eth-case.ts'
import { type SignedBlobTx, type SignedTx, signBlobTx } from './sign.ts'
import { fees, someone } from './transaction-cases.ts'

export const blobCases: readonly EthCase[] = [
  {
    name: 'BlobViolations',
    needs: 'a transaction pool',
    async run(trial) {
      await trial.forkchoice()
      const wrongSize = [blobTx(trial, [1n, 2n, 3n]), blobTx(trial, [4n, 5n, 6n], 1n)] as const
      await expectViolation(trial, wrongSize, [wrongSize[0], { ...wrongSize[1], size: wrongSize[1].size + 10 }])
      const wrongType = [blobTx(trial, [7n, 8n, 9n]), blobTx(trial, [10n, 11n, 12n], 1n)] as const
      await expectViolation(trial, wrongType, [{ ...wrongType[0], type: 2 }, wrongType[1]])
    },
  },
  {
    name: 'TestBlobTxWithoutSidecar',
    needs: 'a transaction pool',
    run: (trial) => expectSecondChance(trial, blobTx(trial, [21n, 22n]), ({ bare }) => bare),
  },
  {
    name: 'TestBlobTxWithMismatchedSidecar',
    needs: 'a transaction pool',
    run: (trial) =>
      expectSecondChance(trial, blobTx(trial, [31n, 32n]), ({ withCommitments, commitments }) =>
        withCommitments([new Uint8Array(48), ...commitments.slice(1)]),
      ),
  },
  {
    name: 'BlobTxAvailabilityFailure',
    since: 72,
    // A few of a blob's cells are a sample, and are asked for only where others have the rest (EIP-8070).
    async run(trial) {
      await trial.forkchoice([7, 19, 33, 52, 68, 90, 111, 126])
      const txs = Array.from({ length: 10 }, (_, i) => blobTx(trial, [41n, 42n], BigInt(i)))
      const peer = await trial.join()
      announce(peer, txs)
      const end = performance.now() + 2_000
      const isRequest = ({ name }: { name: string }) => name === 'GetPooledTransactions' || name === 'GetCells'
      for (let left = 2_000; left > 0; left = end - performance.now()) {
        const heard = await peer.next(isRequest, { timeout: left }).catch(silence)
        if (!heard) break
        if (heard.name === 'GetCells')
          expect(columnsOf(decode(72, 'GetCells', heard.payload).mask)).to.have.length.of.at.least(64)
        else serve(peer, decode(72, 'GetPooledTransactions', heard.payload), txs)
      }
      expect(peer.isClosed).to.equal(false)
    },
  },
  {
    name: 'GetCells',
    since: 72,
    needs: 'cells',
    async run(trial) {
      const third = await trial.join()
      const { tx, giver } = await giveCells(trial, [51n, 52n], (cell) => cell)
      // Cells in any other order are not those of the commitments, and the transaction would not come to the pool.
      const isOurs = ({ hashes }: MessageOf<'NewPooledTransactionHashes'>) =>
        Array.from(hashes, bytesToHex).includes(bytesToHex(tx.hash))
      await third.expect('NewPooledTransactionHashes', isOurs, { timeout: verification })
      await expectKept(giver)
      trial.spend(5)
    },
  },
  {
    name: 'BlobTxWithInvalidCells',
    since: 72,
    needs: 'cells',
    async run(trial) {
      const { giver, others } = await giveCells(trial, [61n], (cell) =>
        cell.map((byte, i) => (i === 31 ? byte ^ 1 : byte)),
      )
      await expectDropped(giver, ...unasked)
      for (const other of others) await expectKept(other)
    },
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

/** ms: within which it asks somebody, and somebody else after that. */
const timeout = 12_000

/** ms: of its first blob a client may read the trusted setup of KZG. */
const verification = 20_000

/** Announces what is not true of `txs` twice; who is asked for them delivers them, and is dropped for it. */
async function expectViolation(
  trial: Trial,
  txs: readonly SignedTx[],
  claims: readonly Pick<SignedTx, 'hash' | 'type' | 'size'>[],
): Promise<void> {
  const peers = [await trial.join(), await trial.join()]
  for (const peer of peers) announce(peer, claims)
  const { peer, message } = await new Asked(peers, 'GetPooledTransactions').next()
  send(peer, message.id, txs)
  await expectDropped(peer, ...unasked)
  trial.end()
}

/** Who delivers a bad sidecar is dropped, and the transaction is asked of another who has it. */
async function expectSecondChance(
  trial: Trial,
  tx: SignedBlobTx,
  spoil: (tx: SignedBlobTx) => Uint8Array,
): Promise<void> {
  await trial.forkchoice()
  const peers = [await trial.join(), await trial.join(), await trial.join()]
  for (const peer of peers) announce(peer, [tx])
  const asked = new Asked(peers, 'GetPooledTransactions')
  const bad = await asked.next()
  expect(Array.from(bad.message.hashes, bytesToHex)).to.deep.equal([bytesToHex(tx.hash)])
  send(bad.peer, bad.message.id, [{ item: spoil(tx) }])
  await expectDropped(bad.peer, ...unasked)
  const good = await asked.next()
  expect(Array.from(good.message.hashes, bytesToHex)).to.deep.equal([bytesToHex(tx.hash)])
  send(good.peer, good.message.id, [tx])
  await expectKept(good.peer)
  if (trial.version < 72) trial.spend(5) // from then on the pool waits for its cells
}

/**
 * Two peers announce a transaction, and have what is asked of them.
 * @returns the transaction, who has given cells, as `change` makes them of the right ones, and the others
 */
async function giveCells(
  trial: Trial,
  values: readonly bigint[],
  change: (cell: Uint8Array) => Uint8Array,
): Promise<{ tx: SignedBlobTx; giver: ScriptedPeer; others: ScriptedPeer[] }> {
  await trial.forkchoice([5, 21, 40, 58])
  const peers = [await trial.join(), await trial.join()]
  const tx = blobTx(trial, values)
  for (const peer of peers) announce(peer, [tx])
  const cells = new Asked(peers, 'GetCells')
  const pooled = await new Asked(peers, 'GetPooledTransactions').next()
  send(pooled.peer, pooled.message.id, [tx])
  const { peer: giver, message } = await cells.next()
  const { id, hashes, mask } = message
  expect(bytesToHex(hashes.at(0)!)).to.equal(bytesToHex(tx.hash))
  const group = cellsOf(values, columnsOf(mask)).map(change)
  giver.send('Cells', { id, hashes: [tx.hash], cells: [group], mask })
  return { tx, giver, others: peers.filter((peer) => peer !== giver) }
}

/** Which of several peers is asked next. */
class Asked<N extends 'GetPooledTransactions' | 'GetCells'> {
  readonly #waits: Map<ScriptedPeer, Promise<{ readonly peer: ScriptedPeer; readonly message: MessageOf<N> }>>

  constructor(peers: readonly ScriptedPeer[], name: N) {
    const wait = { timeout: 2 * timeout }
    const hear = async (peer: ScriptedPeer) => ({ peer, message: (await peer.expect(name, {}, wait)) as MessageOf<N> })
    this.#waits = new Map(peers.map((peer) => [peer, hear(peer)]))
  }

  /** Each is heard of once. @throws none is asked */
  async next(): Promise<{ readonly peer: ScriptedPeer; readonly message: MessageOf<N> }> {
    const first = await Promise.any(this.#waits.values())
    this.#waits.delete(first.peer)
    return first
  }
}

/** After what it has sent, the node answers it. */
async function expectKept(peer: ScriptedPeer): Promise<void> {
  await peer.request('GetBlockHeaders', { origin: 0, amount: 1 }, { timeout: verification })
}

function serve(peer: ScriptedPeer, { id, hashes }: MessageOf<'GetPooledTransactions'>, txs: readonly SignedTx[]): void {
  const asked = new Set(Array.from(hashes, bytesToHex))
  send(
    peer,
    id,
    txs.filter(({ hash }) => asked.has(bytesToHex(hash))),
  )
}

function send(peer: ScriptedPeer, id: bigint, txs: readonly Pick<SignedTx, 'item'>[]): void {
  peer.send('PooledTransactions', { id, transactions: txs.map(({ item }) => item) })
}

function announce(peer: ScriptedPeer, claims: readonly Pick<SignedTx, 'hash' | 'type' | 'size'>[]): void {
  peer.send('NewPooledTransactionHashes', {
    types: Uint8Array.from(claims, ({ type }) => type),
    sizes: claims.map(({ size }) => size),
    hashes: claims.map(({ hash }) => hash),
    mask: maskOf(everyColumn),
  })
}
