import { data } from '../rpc/json/hex.ts'

/** `PayloadStatusV1` of execution-apis. */
export type PayloadStatus = {
  readonly status: 'VALID' | 'INVALID' | 'SYNCING' | 'ACCEPTED'
  readonly latestValidHash: string | null
  readonly validationError: string | null
}

export const syncing: PayloadStatus = { status: 'SYNCING', latestValidHash: null, validationError: null }
export const accepted: PayloadStatus = { ...syncing, status: 'ACCEPTED' }

export const valid = (hash: Uint8Array): PayloadStatus => ({ ...syncing, status: 'VALID', latestValidHash: data(hash) })

/** @param latestValid the last block that is valid, where it is known */
export const invalid = (validationError: string | null, latestValid?: Uint8Array): PayloadStatus => ({
  ...{ ...syncing, status: 'INVALID' },
  ...(latestValid && { latestValidHash: data(latestValid) }),
  validationError,
})
