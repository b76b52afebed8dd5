import { isValidChecksumAddress } from '@ethereumjs/util'
import { type Command, InvalidArgumentError } from 'commander'
import { type Account, emptyCodeHash, emptyRoot, noAccount } from '../../protocols/chain/account.ts'
import { ethVersions } from '../../protocols/eth/versions.ts'
import { equalBytes, hexToBytes } from '../../protocols/lib/bytes.ts'
import { snapVersions } from '../../protocols/snap/versions.ts'
import type { BlockId } from '../probe/fetch.ts'
import { fetchAccount } from '../probe/fetch-account.ts'
import { capLabel } from '../probe/probe.ts'
import { data, quantity } from '../rpc/json/hex.ts'
import type { ScriptedPeer } from '../scripted-peer/scripted-peer.ts'
import { toBlock } from './arguments.ts'
import { addFetch, headerLine, print, toEther } from './fetching.ts'
import type { Io } from './io.ts'
import { failed, type ProbingOptions } from './probing.ts'

type AccountOptions = ProbingOptions & { readonly block: BlockId }

export function addAccount(command: Command, io: Io): void {
  addFetch(command)
    .argument('<address>', '0x and 40 hex digits', toAddress)
    .option('--block <block>', 'of the state after which block: number, 0x hash or latest', toBlock, 'head')
    .action((node: string, address: Uint8Array, options: AccountOptions) =>
      print({ node, options, io, caps }, async (peer) => {
        requireSnap(peer)
        const { header, account } = await fetchAccount(peer, options.block, address)
        const line = headerLine(header)
        return {
          lines: account
            ? [`${line}: account ${data(address)}`, ...accountLines(account)]
            : [`${line}: no account ${data(address)}, as the node proves`],
          json: {
            ...{ blockNumber: quantity(header.number), blockHash: data(header.hash) },
            ...{ address: data(address), exists: account !== undefined },
            ...accountJson(account ?? noAccount),
          },
        }
      }),
    )
}

/** @returns 20 bytes of `0x` and 40 hex digits; digits of both cases are a checksum (EIP-55) */
function toAddress(text: string): Uint8Array {
  if (!/^0x[0-9a-f]{40}$/i.test(text)) throw new InvalidArgumentError('Want an address: 0x and 40 hex digits.')
  const isMixed = /[a-f]/.test(text) && /[A-F]/.test(text)
  if (!isMixed || isValidChecksumAddress(text as `0x${string}`)) return hexToBytes(text.slice(2))
  throw new InvalidArgumentError('Its checksum (EIP-55) is wrong: a digit is mistyped.')
}

/** geth serves its state to peers that speak eth with it. */
const caps = [
  ...ethVersions.map((version) => ({ name: 'eth', version })),
  ...snapVersions.map((version) => ({ name: 'snap', version })),
]

/** @throws {CommandFailed} */
function requireSnap({ snapVersion, theirHello }: ScriptedPeer): void {
  if (snapVersion !== undefined) return
  const cause = `it does not speak snap, with which accounts are fetched: it offers ${capLabel(theirHello!)}`
  throw failed({ outcome: 'incompatible', cause }, 'name a node that speaks snap/1')
}

function accountLines({ nonce, balance, codeHash, storageRoot }: Account): string[] {
  return [
    `  nonce         ${nonce}`,
    `  balance       ${balance} wei, ${toEther(balance)} ether`,
    `  code hash     ${data(codeHash)}${equalBytes(codeHash, emptyCodeHash) ? ', no code' : ''}`,
    `  storage root  ${data(storageRoot)}${equalBytes(storageRoot, emptyRoot) ? ', no storage' : ''}`,
  ]
}

/** By the names of eth_getProof. */
const accountJson = ({ nonce, balance, codeHash, storageRoot }: Account) => ({
  nonce: quantity(nonce),
  balance: quantity(balance),
  codeHash: data(codeHash),
  storageHash: data(storageRoot),
})
