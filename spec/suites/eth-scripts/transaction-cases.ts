import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import type { ScriptedPeer } from '../../../actors/scripted-peer/scripted-peer.ts'
import type { Received } from '../../../actors/scripted-peer/transcript.ts'
import { txHash } from '../../../protocols/chain/transaction.ts'
import { decode } from '../../../protocols/eth/messages.ts'
import { bytesToHex } from '../../../protocols/lib/bytes.ts'
import type { EthCase, Trial } from './eth-case.ts'
import { type SignedTx, signTx, type TxFields } from './sign.ts'

export const transactionCases: readonly EthCase[] = [
  {
    name: 'LargeTxRequest',
    async run(trial) {
      await trial.forkchoice()
      const { key, nonce } = trial.sender(1)
      // The pool is the same at every version: what it can carry is shown once.
      const length = trial.version === 72 ? 2_000 : 200
      const txs = Array.from({ length }, (_, i) =>
        signTx({ ...fees(trial), nonce: nonce + BigInt(i), gas: 75_000n }, key),
      )
      trial.spend(1, txs.length)
      await expectPropagated(trial, txs)
      const peer = await trial.join()
      const { transactions } = await peer.request('GetPooledTransactions', { hashes: txs.map(({ hash }) => hash) })
      const sent = hashesOf(txs)
      const served = Array.from(transactions, (item) => bytesToHex(txHash(item)))
      expect(served).to.deep.equal(sent)
    },
  },
  {
    name: 'Transaction',
    async run(trial) {
      await trial.forkchoice()
      await expectPropagated(trial, [transfer(trial, 0)])
      trial.spend(0)
    },
  },
  {
    name: 'InvalidTxs',
    async run(trial) {
      await trial.forkchoice()
      await expectPropagated(trial, [transfer(trial, 0)])
      const invalid = invalidTxs(trial)
      trial.spend(0)
      const [sender, receiver] = [await trial.join(), await trial.join()]
      sender.send('Transactions', { transactions: invalid.map(({ item }) => item) })
      // What comes after them is propagated, and they are not.
      const valid = transfer(trial, 0)
      trial.spend(0)
      sender.send('Transactions', { transactions: [valid.item] })
      const heard = await heardUntil(receiver, [valid])
      for (const hash of hashesOf(invalid)) expect(heard).not.to.include(hash)
      expect([sender.isClosed, receiver.isClosed]).to.deep.equal([false, false])
    },
  },
  {
    name: 'NewPooledTxs',
    async run(trial) {
      await trial.forkchoice()
      const peer = await trial.join()
      const hashes = Array.from({ length: 50 }, () => randomBytes(32))
      peer.send('NewPooledTransactionHashes', {
        ...{ types: new Uint8Array(50).fill(2), sizes: hashes.map((_, i) => 100 + i), hashes },
      })
      const asked = await peer.expect('GetPooledTransactions')
      expect(Array.from(asked.hashes, bytesToHex)).to.have.members(hashes.map(bytesToHex)).and.have.length(50)
    },
  },
]

/** The least that the head's successor takes. */
export const fees = ({ chain }: Trial): Pick<TxFields, 'chainId' | 'tip' | 'feeCap'> => ({
  chainId: chain.genesis.config.chainId,
  tip: 1n,
  feeCap: chain.head.header.baseFee!,
})

export const someone: Uint8Array = new Uint8Array(20).fill(0xaa)

function transfer(trial: Trial, sender: number): SignedTx {
  const { key, nonce } = trial.sender(sender)
  return signTx({ ...fees(trial), nonce, gas: 30_000n, to: someone, value: 1n }, key)
}

/** Each breaks one rule, on a nonce that is taken. */
function invalidTxs(trial: Trial): SignedTx[] {
  const { key, nonce } = trial.sender(0)
  const base = { ...fees(trial), nonce, gas: 100_000n, to: someone }
  const { to: _, ...creation } = base
  return [
    { ...base, nonce: nonce === 0n ? 2n ** 64n - 1n : nonce - 1n },
    { ...base, value: 10n ** 60n },
    { ...base, gas: 1_337n },
    { ...creation, data: new Uint8Array(50 * 1024), gas: 10_000_000n },
    { ...base, data: new Uint8Array(128 * 1024), gas: 10_000_000n },
  ].map((fields) => signTx(fields, key))
}

/** Sent on one connection, all of them are heard of on another within 2 s. */
async function expectPropagated(trial: Trial, txs: readonly SignedTx[]): Promise<void> {
  const [sender, receiver] = [await trial.join(), await trial.join()]
  sender.send('Transactions', { transactions: txs.map(({ item }) => item) })
  await heardUntil(receiver, txs)
}

/** @returns the hashes of all that was propagated to `peer` until it has heard of `txs` */
async function heardUntil(peer: ScriptedPeer, txs: readonly SignedTx[]): Promise<string[]> {
  const heard: string[] = []
  const missing = new Set(hashesOf(txs))
  while (missing.size > 0)
    for (const hash of hashesIn(peer, await peer.next(isGossip))) {
      heard.push(hash)
      missing.delete(hash)
    }
  return heard
}

const isGossip = ({ name }: Pick<Received, 'name'>) => name === 'Transactions' || name === 'NewPooledTransactionHashes'

function hashesIn({ version }: ScriptedPeer, { name, payload }: Received): string[] {
  if (name === 'Transactions')
    return Array.from(decode(version!, 'Transactions', payload).transactions, (item) => bytesToHex(txHash(item)))
  return Array.from(decode(version!, 'NewPooledTransactionHashes', payload).hashes, bytesToHex)
}

const hashesOf = (txs: readonly SignedTx[]) => txs.map(({ hash }) => bytesToHex(hash))
