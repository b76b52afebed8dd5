import { expect } from 'chai'
import { engineApi } from '../../../actors/apis/engine.ts'
import { Chain } from '../../../actors/chain/chain.ts'
import type { NewBlock } from '../../../actors/chain/chain-reader.ts'
import { Executor } from '../../../actors/execution/executor.ts'
import type { Api } from '../../../actors/rpc/api.ts'
import { data } from '../../../actors/rpc/json/hex.ts'
import { processRuntime } from '../../../actors/runtime/process-runtime.ts'
import { supervised } from '../../../actors/runtime/supervision.ts'
import { decodeHeader, encodeHeader, type HeaderFields, headerFieldNames } from '../../../protocols/chain/header.ts'
import { callApi } from '../apis/call-api.ts'
import { noEth, zeros } from '../apis/engine-caller.ts'
import { paramsOf } from '../apis/payloads.ts'
import { forkedBlocks, forkedGenesis } from './forked-chain.ts'

describe('the engine namespace of a node that executes', function () {
  this.timeout(60_000)
  let blocks: NewBlock[]
  let others: NewBlock[]
  let executor: Executor
  let chain: Chain
  let apis: Api[]
  before(async () => {
    blocks = await forkedBlocks(16)
    others = await forkedBlocks(16, 2)
  })
  beforeEach(async () => {
    const genesis = forkedGenesis()
    const failed = (error: Error) => {
      throw error
    }
    const runtime = supervised(processRuntime(), ({ error }) => failed(error as Error))
    executor = await Executor.open(runtime, { genesis, failed })
    chain = await Chain.open({ genesis, execution: executor })
    apis = [engineApi({ chain, eth: noEth, version: '1.2.3' })]
  })
  afterEach(async () => {
    await executor.close()
    await chain.close()
  })
  const newPayload = (block: NewBlock) => {
    const { requestsHash, parentBeaconRoot } = block.header
    return callApi(apis, `engine_newPayloadV${requestsHash ? 4 : parentBeaconRoot ? 3 : 2}`, ...paramsOf(block))
  }
  const update = (head: Uint8Array) =>
    callApi(apis, 'engine_forkchoiceUpdatedV3', {
      ...{ headBlockHash: data(head), safeBlockHash: zeros, finalizedBlockHash: zeros },
    })
  const valid = (hash: Uint8Array) => ({ status: 'VALID', latestValidHash: data(hash), validationError: null })
  const changed = ({ header, body }: NewBlock, change: Partial<HeaderFields>): NewBlock => {
    const fields = Object.fromEntries(headerFieldNames.map((name) => [name, header[name]])) as unknown as HeaderFields
    return { header: decodeHeader(encodeHeader({ ...fields, ...change })), body }
  }

  it('calls payloads VALID that it has executed, once and again', async () => {
    for (const block of [...blocks, ...others, ...blocks])
      expect(await newPayload(block)).to.deep.equal(valid(block.header.hash))
    expect(chain.head.number).to.equal(0n)
  })
  it('calls one INVALID whose execution comes to something else, and names the last that is valid', async () => {
    for (const block of blocks.slice(0, 9)) await newPayload(block)
    const latestValidHash = data(blocks[8]!.header.hash)
    const word = new Uint8Array(32).fill(1)
    for (const change of [
      { stateRoot: word },
      { receiptsRoot: word },
      { gasUsed: 1n },
      { bloom: new Uint8Array(256).fill(1) },
    ]) {
      const bad = changed(blocks[9]!, change)
      expect(await newPayload(bad)).to.include({ status: 'INVALID', latestValidHash })
      const child = changed(blocks[10]!, { parentHash: bad.header.hash })
      for (const links of [child, bad])
        expect(await newPayload(links)).to.deep.equal({
          ...{ status: 'INVALID', latestValidHash, validationError: 'links to previously rejected block' },
        })
      expect(await update(child.header.hash)).to.deep.include({ payloadId: null })
    }
    expect(await newPayload(blocks[9]!)).to.deep.equal(valid(blocks[9]!.header.hash))
  })
  it('goes to any head that is VALID, on another branch and back', async () => {
    for (const block of [...blocks, ...others]) await newPayload(block)
    for (const block of [blocks[15]!, others[15]!, others[7]!, blocks[15]!]) {
      const { hash } = block.header
      expect(await update(hash)).to.deep.equal({ payloadStatus: valid(hash), payloadId: null })
      expect(data(chain.head.hash)).to.equal(data(hash))
    }
  })
})
