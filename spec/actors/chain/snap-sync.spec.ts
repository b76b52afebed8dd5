import { expect } from 'chai'
import { Chain } from '../../../actors/chain/chain.ts'
import type { ExecutionPort } from '../../../actors/chain/execution-port.ts'
import { InvalidBlock } from '../../../protocols/chain/verify.ts'
import { bytesToHex } from '../../../protocols/lib/bytes.ts'
import { failureOf } from '../../failure.ts'
import { allAtOnce, genesisOf, makeBlocks } from './make-chain.ts'

describe('a chain below the pivot of a snap sync', () => {
  const genesis = genesisOf(allAtOnce)
  const blocks = makeBlocks(genesis, genesis.header, 10)
  const branch = makeBlocks(genesis, blocks[3]!.header, 4, { salt: 7n })
  const hashAt = (number: number) => blocks[number - 1]!.header.hash
  /** Executes what stands on a state that is there, and finds nothing in it. */
  const states = new Set<string>()
  const execution: ExecutionPort = {
    hasState: (hash) => states.has(bytesToHex(hash)),
    states: () => [],
    rebuild: async () => {},
    execute: async ({ header }) => {
      if (!states.has(bytesToHex(header.parentHash))) return undefined
      states.add(bytesToHex(header.hash))
      return { receipts: Uint8Array.of(0xc0) }
    },
  }
  let chain: Chain
  beforeEach(async () => {
    states.clear()
    states.add(bytesToHex(genesis.header.hash))
    chain = await Chain.open({ genesis, execution })
  })
  afterEach(() => chain.close())

  it('has blocks and executes none: its head stays, and remembers how far they go', async () => {
    expect([chain.snapHead, chain.pivot]).to.deep.equal([undefined, undefined])
    await chain.insertUnexecuted(blocks.slice(0, 4))
    await chain.insertUnexecuted(blocks.slice(4, 7))
    expect([chain.head.number, chain.snapHead?.number]).to.deep.equal([0n, 7n])
    expect(chain.bodyByHash(hashAt(7))).to.deep.equal(blocks[6]!.body)
    expect([chain.canonicalHash(1n), chain.isExecuted(hashAt(1)), states.size]).to.deep.equal([undefined, false, 1])
  })
  it('verifies them', async () => {
    const error = await failureOf(chain.insertUnexecuted(blocks.slice(1)))
    expect(error).to.be.instanceOf(InvalidBlock).and.to.have.property('reason', 'parent')
    expect(chain.snapHead).to.equal(undefined)
  })
  it('has the pivot for its head once the state is there, and executes what stands on it, though it is there already', async () => {
    await chain.insertUnexecuted(blocks.slice(0, 9))
    states.clear()
    states.add(bytesToHex(hashAt(7)))
    await chain.commitPivot(hashAt(7))
    expect([chain.head.number, chain.pivot?.number, chain.snapHead]).to.deep.equal([7n, 7n, undefined])
    for (let number = 1; number <= 7; number++)
      expect(chain.canonicalHash(BigInt(number))).to.deep.equal(hashAt(number))
    await chain.insertBlocks(blocks.slice(7))
    expect(chain.head.number).to.equal(10n)
    expect([8, 9, 10].map((number) => chain.isExecuted(hashAt(number)))).to.deep.equal([true, true, true])
  })
  it('changes to another branch', async () => {
    await chain.insertUnexecuted(blocks.slice(0, 8))
    await chain.insertUnexecuted(branch)
    await chain.commitPivot(branch.at(-1)!.header.hash)
    const canonical = [4n, 5n, 8n].map((number) => chain.canonicalHash(number))
    expect(canonical).to.deep.equal([hashAt(4), branch[0]!.header.hash, branch[3]!.header.hash])
    expect(chain.pivot?.hash).to.deep.equal(branch[3]!.header.hash)
  })
})
