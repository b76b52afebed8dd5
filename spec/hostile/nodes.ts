import { devGenesis } from '../../actors/chain/dev-genesis.ts'
import { statusOn } from '../../actors/probe/probed-chain.ts'
import { type ListenOptions, listen } from '../../actors/scripted-peer/listen.ts'
import type { ScriptedPeer } from '../../actors/scripted-peer/scripted-peer.ts'
import { ScriptError } from '../../actors/scripted-peer/transcript.ts'
import { concatBytes } from '../../protocols/lib/bytes.ts'
import { encodeList, encodeRlp, RlpReader } from '../../protocols/lib/rlp.ts'

// Nodes that say what no node should, for whatever reads them: a chain of another kind, or somebody who means harm.

const genesis = devGenesis()
const { header, config } = genesis
const fields = [...RlpReader.open(header.raw).rest()].map(({ raw }) => raw)

/** The Status of an honest node of the development chain, at its genesis. */
export const honestStatus = {
  networkId: config.chainId,
  genesis: header.hash,
  forkId: statusOn({ name: 'dev', networkId: config.chainId, genesis }, 0n, 0n).forkId!,
  range: { earliest: 0n, latest: 0n, latestHash: header.hash },
  ...{ td: 1n, head: header.hash }, // of eth/68
}

export type HostileNode = {
  readonly status?: ListenOptions['status']
  /** What stands in the place of its head header, as RLP. */
  readonly head?: Uint8Array
}

const headAt = (time: bigint) => encodeList(fields.with(11, encodeRlp(time)))
const next = (value: bigint): HostileNode => ({
  status: { ...honestStatus, forkId: { ...honestStatus.forkId, next: value } },
})

export const hostileNodes: Readonly<Record<string, HostileNode>> = {
  // AuRa: a step and a seal in the place of mixHash and nonce.
  'a head of AuRa': { head: encodeList([...fields.slice(0, 13), encodeRlp(77), encodeRlp(new Uint8Array(65))]) },
  'a head with a field more than anybody has': {
    head: encodeList([...fields, ...Array<Uint8Array>(12).fill(encodeRlp(1))]),
  },
  'a head that is a list in a list': { head: encodeRlp([[5]]) },
  'a head that is a string': { head: encodeRlp('head') },
  'a head without a field': { head: Uint8Array.of(0xc0) },
  'a head that is cut off': { head: concatBytes(Uint8Array.of(0xf9, 0x02, 0x00), header.raw.subarray(3, 40)) },
  'a head of the year 292 billion': { head: headAt(2n ** 63n) },
  'a head of the last moment there is': { head: headAt(2n ** 64n - 1n) },
  'a fork to come in the year 292 billion': next(2n ** 63n),
  'a fork to come at the last moment there is': next(2n ** 64n - 1n),
  'a head of no number that anybody can have': {
    status: { ...honestStatus, range: { earliest: 0n, latest: 2n ** 64n - 1n, latestHash: header.hash } },
  },
}

/** The answer to a request, from a node that is asked for one thing: its head. */
export async function answer(peer: ScriptedPeer, head: Uint8Array = header.raw): Promise<void> {
  for (;;) {
    const { id } = await peer.expect('GetBlockHeaders', {}, { timeout: 30_000 })
    peer.raw({ code: 'BlockHeaders', payload: encodeList([encodeRlp(id), encodeList([head])]), compressed: true })
  }
}

/** Listens as `node`, and answers those that dial until it is disposed of. @returns its enode */
export async function hostile({ status = honestStatus, head = header.raw }: HostileNode) {
  const listener = await listen({ status, caps: ['eth/69'] })
  const peers: ScriptedPeer[] = []
  const serve = async () => {
    for (;;) {
      const peer = listener.accept()
      peers.push(peer)
      await peer.until('running', { timeout: 60_000 })
      answer(peer, head).catch(ignoreEnd)
    }
  }
  serve().catch(ignoreEnd)
  return {
    enode: listener.enode,
    [Symbol.asyncDispose]: async () => {
      for (const peer of peers) peer.close()
      await listener[Symbol.asyncDispose]()
    },
  }
}

function ignoreEnd(error: unknown): void {
  if (!(error instanceof ScriptError)) throw error
}
