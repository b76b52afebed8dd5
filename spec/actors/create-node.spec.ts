import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { devGenesisJson } from '../../actors/chain/dev-genesis.ts'
import { createNode } from '../../actors/create-node.ts'
import { Feed } from '../../actors/feed/feed.ts'
import { readRecording } from '../../actors/recording/reader.ts'

describe('making a node', () => {
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
