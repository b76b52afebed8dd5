import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { devGenesisJson } from '../../actors/chain/dev-genesis.ts'
import { TemporaryDirectory } from '../../actors/runtime/temporary-directory.ts'
import { bytesToHex } from '../../protocols/lib/bytes.ts'
import { paramsOf, readPayloads } from '../actors/apis/payloads.ts'
import { chainFile, devChain } from '../actors/chain/dev-chain.ts'
import { type Ethtest, ethtests } from '../support/ethtest.ts'
import type { RpcRequest } from '../support/geth.ts'

/** A chain that a real client is given: files that any client reads, and how a consensus client names its head. */
export type PeerChain = {
  readonly genesis: string
  readonly chain: string
  readonly networkId: bigint
  readonly head: { readonly number: bigint; readonly hash: string }
  /** `engine_newPayload…` of the head, and `engine_forkchoiceUpdated…` to it. */
  readonly payload: RpcRequest
  readonly update: RpcRequest
}

/** @returns the newest of geth's test chains that this geth can execute, or one of our own where it can none */
export async function chainFor(geth: string): Promise<PeerChain> {
  const [amsterdam, prague] = ethtests as [Ethtest, Ethtest]
  const { stdout } = await promisify(execFile)(geth, ['version'])
  const [major, minor, patch] = (/^Version: (\d+)\.(\d+)\.(\d+)/m.exec(stdout) ?? []).slice(1).map(Number)
  if (!(major === 1 && minor !== undefined && patch !== undefined)) throw new Error(`which geth is this?\n${stdout}`)
  if (minor < 16) return cancunChain()
  return testChain(minor > 17 || (minor === 17 && patch >= 6) ? amsterdam : prague)
}

/** @returns the chain of geth's suites; one of our own where its folder is not there */
async function testChain(ethtest: Ethtest): Promise<PeerChain> {
  if (!existsSync(ethtest.chain)) return cancunChain()
  const { genesis, chain, networkId, head, update } = ethtest
  return { genesis, chain, networkId, head, update, payload: (await readPayloads(ethtest)).at(-1)! }
}

/**
 * One whose head is half an hour ahead of the clock: @ethereumjs/client 0.10.5 reckons from the time of a peer's head which
 * block the peer has now, one every 12 s, and takes a peer that has not that one for none to sync from.
 */
export const newChain = (): Promise<PeerChain> => cancunChain(BigInt(Math.floor(Date.now() / 1_000)) + 1_800n)

/** 600 blocks of the dev network, had it stayed at Cancun: its transactions ran, and any client since 2024 runs them again. */
async function cancunChain(headTime = 600n): Promise<PeerChain> {
  const { pragueTime, osakaTime, blobSchedule, ...config } = devGenesisJson.config
  const { cancun } = blobSchedule
  const json = {
    ...devGenesisJson,
    config: { ...config, blobSchedule: { cancun }, terminalTotalDifficultyPassed: true },
  }
  const blocks = await devChain(600, { genesis: json, time: headTime - 599n })
  const { header } = blocks.at(-1)!
  const hash = bytesToHex(header.hash)
  const { path: folder } = await TemporaryDirectory.make('peerchart-chain')
  const [genesis, chain] = [join(folder, 'genesis.json'), join(folder, 'chain.rlp')]
  await writeFile(genesis, JSON.stringify(json))
  await writeFile(chain, chainFile(blocks))
  const state = { headBlockHash: `0x${hash}`, safeBlockHash: `0x${hash}`, finalizedBlockHash: `0x${hash}` }
  return {
    ...{ genesis, chain, networkId: BigInt(config.chainId), head: { number: header.number, hash } },
    payload: { method: 'engine_newPayloadV3', params: paramsOf(blocks.at(-1)!) },
    update: { method: 'engine_forkchoiceUpdatedV3', params: [state, null] },
  }
}
