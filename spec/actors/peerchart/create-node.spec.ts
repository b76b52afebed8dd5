import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { devGenesisJson } from '../../../actors/chain/dev-genesis.ts'
import { createNode } from '../../../actors/peerchart/create-node.ts'
import { NodeOptionError } from '../../../actors/peerchart/node-option-error.ts'
import { readRecording } from '../../../actors/recording/reader.ts'
import { Feed } from '../../../actors/trace/feed.ts'
import { failureOf } from '../../failure.ts'

describe('making a node', () => {
  for (const [options, complaint] of [
    [{ network: 'goerli' }, /^there is no network "goerli": want mainnet, sepolia, hoodi; did you mean \w+\?/],
    [{ network: 'toString' }, /^there is no network "toString"/],
    [{ network: null }, /^there is no network "null"/],
    [{ syncMode: 'snap' }, /^syncMode snap needs execute: /],
    [{ syncMode: 'fast', execute: true }, /^syncMode is full or snap, not "fast"$/],
    [{ maxInputBytes: Number.NaN }, /^maxInputBytes is a whole number of bytes, not "NaN"$/],
    [{ maxpeers: 3 }, /^there is no option "maxpeers"; did you mean maxPeers\?$/],
    [{ toString: 3 }, /^there is no option "toString"/],
    [{ network: 'hoodi', genesis: devGenesisJson }, /^network and genesis are two chains/],
  ] as const)
    it(`refuses ${JSON.stringify(options).slice(0, 40)}, and says what was meant`, async () => {
      const error = await failureOf(createNode(options as never))
      expect(error).to.be.instanceOf(NodeOptionError)
      expect(error.message).to.match(complaint)
    })

  it('ends its recording when the key log cannot be opened', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'peerchart-create-'))
    const file = join(dir, 'recording')
    const feed = new Feed()
    const options = { genesis: devGenesisJson, record: { file }, runtime: { feed } }
    const error = await createNode({ ...options, keyLog: join(dir, 'none', 'keys') }).catch((reason: unknown) => reason)
    expect(error).to.have.property('code', 'ENOENT')
    expect(feed.isRead).to.equal(false)
    const { lines } = await readRecording(file)
    for await (const line of lines) expect.fail(`nothing happened, and not ${line.type}`)
    await rm(dir, { recursive: true })
  })
})
