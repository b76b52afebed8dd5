import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { createLogger } from '../../../actors/log/log.ts'
import { reportLegacyFiles } from '../../../actors/node/instance.ts'
import { Written } from '../cli/scripted-io.ts'

describe('the instance directory', () => {
  let directory: string
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'peerchart-instance-'))
  })
  afterEach(() => rm(directory, { recursive: true, force: true }))

  it('may hold lists of nodes as geth once read them: they are reported, not read', async () => {
    const stream = new Written(false)
    await reportLegacyFiles(directory, createLogger({ stream }))
    expect(stream.text).to.equal('')
    await writeFile(join(directory, 'static-nodes.json'), 'no JSON')
    await reportLegacyFiles(directory, createLogger({ stream }))
    const entry = JSON.parse(stream.text)
    expect(entry).to.include({
      level: 'error',
      message: 'The static-nodes.json file is deprecated and ignored. Use P2P.StaticNodes instead.',
      path: join(directory, 'static-nodes.json'),
    })
  })
})
