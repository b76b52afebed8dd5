import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { filter, firstValueFrom } from 'rxjs'
import { devGenesisJson } from '../../../actors/chain/dev-genesis.ts'
import { DevNetwork } from '../../../actors/cli/dev-network.ts'
import { silent } from '../../../actors/log/log.ts'
import { createNode } from '../../../actors/peerchart/create-node.ts'
import { NoTemporaryDirectory } from '../../../actors/runtime/temporary-directory.ts'

describe('the network of peerchart dev', () => {
  const usual = process.env.TMPDIR
  let temporary: string
  beforeEach(async () => {
    temporary = await mkdtemp(join(tmpdir(), 'peerchart-dev-spec-'))
    process.env.TMPDIR = temporary
  })
  afterEach(async () => {
    if (usual === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = usual
    await rm(temporary, { recursive: true })
  })
  const open = () => DevNetwork.open({ createNode, nodes: 2, blockTime: 20, execute: false, log: silent })

  it('has its chains on disk until it stops', async () => {
    const network = await open()
    const [directory, ...others] = await readdir(temporary)
    expect(others).to.deep.equal([])
    expect((await readdir(join(temporary, directory!))).sort()).to.deep.equal(['node-1', 'node-2'])
    await network.stop()
    expect(await readdir(temporary)).to.deep.equal([])
  })
  it('gives who comes late all blocks from the genesis on', async () => {
    const network = await open()
    await network.start()
    const { chain, enode } = network.nodes[0]!
    const reached = (number: bigint) => filter((head: typeof chain.head) => head.number >= number)
    await firstValueFrom(chain.heads$.pipe(reached(200n)))
    const late = await createNode({ genesis: devGenesisJson, port: 0, peers: [enode] })
    const arrived = firstValueFrom(late.chain.heads$.pipe(reached(200n)))
    await late.start()
    await arrived
    expect(late.chain.canonicalHash(200n)).to.deep.equal(chain.canonicalHash(200n))
    await late.stop()
    await network.stop()
  }).timeout(30_000)
  it('says what to do where no temporary directory can be made', async () => {
    process.env.TMPDIR = join(temporary, 'missing')
    const error = await open().catch((reason: unknown) => reason)
    expect(error).to.be.instanceOf(NoTemporaryDirectory)
    expect((error as Error).message).to.contain('ENOENT')
  })
})
