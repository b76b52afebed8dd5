// What the node's thread and that of KZG say to each other: bytes, of commitments and proofs 48, of a cell 2,048.

export type KzgRequest =
  | {
      /** Makes the cells of blobs, and checks the proofs of all of them. */
      readonly kind: 'blobs'
      readonly blobs: readonly Uint8Array[]
      readonly commitments: readonly Uint8Array[]
      /** 128 of each blob, blob by blob; they are made where they are left out. */
      readonly proofs?: readonly Uint8Array[] | undefined
    }
  | ({ readonly kind: 'cells' } & CellBatch)

/** One of each for every cell. */
export type CellBatch = {
  readonly commitments: readonly Uint8Array[]
  readonly columns: readonly number[]
  readonly cells: readonly Uint8Array[]
  readonly proofs: readonly Uint8Array[]
}

export type KzgAnswer =
  | {
      readonly kind: 'right'
      /** Of 'blobs': 128 of each, blob by blob. */
      readonly cells: readonly Uint8Array[]
      readonly proofs: readonly Uint8Array[]
    }
  | { readonly kind: 'wrong'; readonly reason: string }
