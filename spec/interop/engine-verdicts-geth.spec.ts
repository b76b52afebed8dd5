import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import type { NewBlock } from '../../actors/chain/chain-reader.ts'
import { data } from '../../actors/rpc/json/hex.ts'
import { zeros } from '../actors/apis/engine-caller.ts'
import { paramsOf, readPayloads } from '../actors/apis/payloads.ts'
import { forkedBlocks, forkedGenesisJson } from '../actors/execution/forked-chain.ts'
import type { RpcRequest } from '../support/geth.ts'
import { EnginePair } from './engine-pair.ts'

type Payload = Readonly<Record<string, unknown>> & { readonly blockHash: string }
type Verdict = { readonly status: string; readonly latestValidHash: string | null }

describe('blocks that both execute, sent to geth and to our node as payloads,', function () {
  this.timeout(400_000)
  let pair: EnginePair
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'peerchart-verdicts-'))
  })
  after(() => rm(folder, { recursive: true }))
  afterEach(() => pair?.stop())

  const verdicts = async ({ method, params }: RpcRequest): Promise<readonly [Verdict, Verdict]> => {
    const answers = await Promise.all([pair.ours(method, ...params), pair.theirs(method, ...params)])
    return answers.map(({ result, error }) => {
      if (error) return { status: `${error.code}`, latestValidHash: error.message }
      const { status, latestValidHash } = result as Verdict
      return { status, latestValidHash }
    }) as [Verdict, Verdict]
  }

  /** The hash of a payload is in what is said of one with another. */
  const withItsHash = async ({ method, params: [payload, ...rest] }: RpcRequest): Promise<RpcRequest | undefined> => {
    const { result } = await pair.ours(method, payload, ...rest)
    const [, hash] =
      /, got ([0-9a-f]{64})$/.exec((result as { validationError: string | null })?.validationError ?? '') ?? []
    return hash === undefined
      ? undefined
      : { method, params: [{ ...(payload as Payload), blockHash: `0x${hash}` }, ...rest] }
  }

  it('are VALID, all 600; and each field that is another has the same verdict', async function () {
    pair = await EnginePair.startExecuting(this)
    const payloads = await readPayloads()
    const mutated = payloads.length - 10
    let kinds = 0
    for (const [number, call] of payloads.entries()) {
      if (number === 0) continue // the genesis is no payload
      if (number === mutated)
        for (const [name, bad] of mutations(call)) {
          const [ours, theirs] = await verdicts(bad)
          expect(ours, `${name}, with the hash as it was`).to.deep.equal(theirs)
          const whole = await withItsHash(bad)
          if (!whole) continue
          const [ourOther, theirOther] = await verdicts(whole)
          expect(ourOther, `${name}, with the hash of that`).to.deep.equal(theirOther)
          kinds += 2
        }
      const { blockHash } = call.params[0] as Payload
      // geth forgets the states further than 128 blocks above its head, and below.
      if (number % 100 === 1) {
        const headBlockHash = (payloads[number - 1]!.params[0] as Payload).blockHash
        const state = { headBlockHash, safeBlockHash: zeros, finalizedBlockHash: zeros }
        await Promise.all(['ours', 'theirs'].map((side) => pair[side as 'ours']('engine_forkchoiceUpdatedV3', state)))
      }
      expect(await verdicts(call), `payload ${number}`).to.deep.equal(
        Array(2).fill({ status: 'VALID', latestValidHash: blockHash }),
      )
    }
    expect(kinds).to.be.at.least(30)
  })

  for (const depth of [1, 2, 64, 128])
    it(`go to another branch of ${depth} blocks, and back`, async function () {
      const genesis = join(folder, 'genesis.json')
      await writeFile(genesis, JSON.stringify(forkedGenesisJson))
      pair = await EnginePair.startExecuting(this, genesis)
      const branches = [await forkedBlocks(depth), await forkedBlocks(depth, 2)]
      const valid = (hash: string) => Array(2).fill({ status: 'VALID', latestValidHash: hash })
      for (const block of branches.flat())
        expect(await verdicts(callOf(block))).to.deep.equal(valid(data(block.header.hash)))
      for (const branch of [branches[0]!, branches[1]!, branches[0]!]) {
        const head = data(branch.at(-1)!.header.hash)
        const state = { headBlockHash: head, safeBlockHash: zeros, finalizedBlockHash: zeros }
        const { result } = await pair.alike('engine_forkchoiceUpdatedV3', state)
        expect((result as { payloadStatus: Verdict }).payloadStatus).to.include({
          status: 'VALID',
          latestValidHash: head,
        })
        const number = await pair.geth.rpc('eth_getHeaderByNumber', 'latest')
        expect(await pair.ours('eth_getHeaderByNumber', 'latest')).to.deep.equal({ result: number })
      }
    })
})

/** In the version of its fork. */
function callOf(block: NewBlock): RpcRequest {
  const { requestsHash, parentBeaconRoot, withdrawalsRoot } = block.header
  const version = requestsHash ? 4 : parentBeaconRoot ? 3 : withdrawalsRoot ? 2 : 1
  return { method: `engine_newPayloadV${version}`, params: paramsOf(block) }
}

/** Each field another, and the hash as it was. */
function* mutations({ method, params: [given, ...rest] }: RpcRequest): Generator<[string, RpcRequest]> {
  const payload = given as Payload
  for (const [name, value] of Object.entries(payload)) {
    const other = otherThan(name, value)
    if (other !== undefined) yield [name, { method, params: [{ ...payload, [name]: other }, ...rest] }]
  }
}

function otherThan(name: string, value: unknown): unknown {
  if (name === 'transactions' || name === 'withdrawals') return (value as unknown[]).length > 0 ? [] : undefined
  const text = value as string
  if (text.length >= 42) return `${text.slice(0, -1)}${text.endsWith('1') ? '2' : '1'}`
  return text === '0x' ? '0x01' : `0x${(BigInt(text) + 1n).toString(16)}`
}
