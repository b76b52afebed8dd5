import fc, { type Arbitrary } from 'fast-check'
import { Chain } from '../../../actors/chain/chain.ts'
import { devGenesis, devGenesisJson } from '../../../actors/chain/dev-genesis.ts'
import { answerSteps } from '../../../actors/eth/answers.ts'
import { atOnce } from '../../../protocols/chain/at-once.ts'
import { decode, encode } from '../../../protocols/eth/messages.ts'
import {
  answerOf,
  type EthVersion,
  ethVersions,
  isRequest,
  messageTable,
  type RequestName,
} from '../../../protocols/eth/versions.ts'
import { makeBlocks } from '../../actors/chain/make-chain.ts'
import { openTcp } from '../../support/stages.ts'
import { type TreeChange, treeChange } from '../change-tree.ts'
import { goodPeer } from '../good-peer.ts'
import { changedRlp, rlpLeaf } from '../mutate.ts'
import { type FuzzedNode, startFuzzedNode, Watch } from '../node.ts'
import type { Target } from '../target.ts'
import { statusPayload } from './status-payload.ts'

/** How one peer of a node that syncs lies. */
type Liar = {
  readonly version: EthVersion
  /** How many blocks more it claims than there are. */
  readonly ahead: number
  /** Of each answer in turn; then it answers no more. */
  readonly answers: readonly (readonly TreeChange<Uint8Array>[])[]
}

/** A node that has nothing but its genesis, among peers that have a chain and lie about it. */
export async function syncing(
  start: () => Promise<FuzzedNode> = () => startFuzzedNode({ genesis: devGenesisJson, headPollInterval: 100 }),
) {
  const chain = await Chain.open({ genesis: devGenesis() })
  await chain.insertBlocks(makeBlocks(devGenesis(), chain.head, length))
  const renew = async () => {
    const node = await start()
    return { node, watch: await Watch.over(node, { 'a good peer': await goodPeer(node.enode) }) }
  }
  let { node, watch } = await renew()
  return {
    inputs: liars,
    try: (liar) => lie(node.enode, chain, liar),
    async check() {
      await watch.look()
      if ((await node.head()) < length) return
      await watch.close() // it has all that there is
      ;({ node, watch } = await renew())
    },
    async close() {
      await watch.close()
      await chain.close()
    },
  } satisfies Target<Liar>
}

const length = 400

const liars: Arbitrary<Liar> = fc.record({
  version: fc.constantFrom(...ethVersions),
  ahead: fc.constantFrom(0, 0, 0, 1, 1_000, 2 ** 40),
  answers: fc.array(
    fc.oneof(
      { weight: 2, arbitrary: fc.constant([]) },
      { weight: 3, arbitrary: fc.array(treeChange(rlpLeaf), { minLength: 1, maxLength: 2 }) },
    ),
    { minLength: 1, maxLength: 8 },
  ),
})

async function lie(enode: string, chain: Chain, { version, ahead, answers }: Liar): Promise<void> {
  const peer = await openTcp(enode, { caps: [`eth/${version}`] })
  try {
    await peer.rlpx()
    await peer.hello()
    const { number, hash } = chain.head
    const range = { earliest: 0n, latest: number + BigInt(ahead), latestHash: hash }
    const td = number + BigInt(ahead) + 1n
    peer.raw({ code: 16, payload: statusPayload(version, { range, td, head: hash }), compressed: true })
    for (const changes of answers) {
      const { name, payload } = await peer.next((one) => isRequest(one.name as RequestName), { timeout: settling })
      const answer = encode(version, atOnce(answerSteps(version, decode(version, name as RequestName, payload), chain)))
      const code = 16 + messageTable(version).codeOf(answerOf[name as RequestName])!
      peer.raw({ code, payload: changedRlp(answer, changes), compressed: true })
    }
    await peer.listen(20)
  } catch (error) {
    if ((error as Error).name !== 'ScriptError') throw error
  } finally {
    peer.close()
  }
}

/** Milliseconds at most in which a node asks. */
const settling = 300
