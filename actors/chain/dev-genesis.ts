import { type Genesis, parseGenesis } from '../../protocols/chain/genesis.ts'
import { utf8ToBytes } from '../../protocols/lib/bytes.ts'
import { keccak256 } from '../../protocols/lib/keccak.ts'
import { publicKeyOf } from '../../protocols/lib/secp256k1.ts'
import json from './dev-genesis.json' with { type: 'json' }

// The chain of `peerchart dev`: every fork up to Osaka from its first block on. `geth init` takes the file as it is.

/** The file itself, in geth's form. */
export const devGenesisJson: typeof json = json

/** @returns the genesis of the dev network */
export const devGenesis = (): Genesis => parseGenesis(JSON.stringify(json))

/** `address` is 20 bytes, `privateKey` 32. */
export type DevAccount = { readonly address: Uint8Array; readonly privateKey: Uint8Array }

/** The funded accounts. Everyone knows their keys: never to be used elsewhere. */
export const devAccounts: readonly DevAccount[] = Array.from({ length: 4 }, (_, i) => {
  const privateKey = keccak256(utf8ToBytes(`peerchart dev account ${i}`))
  return { privateKey, address: keccak256(publicKeyOf(privateKey)).subarray(12) }
})
