import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { parseLine } from '../../../actors/recording/line-text.ts'
import { projectRoot } from '../../support/project.ts'
import { recordMeeting } from './record.ts'

describe('the description of recordings', () => {
  const readme = join(projectRoot, 'actors/recording/README.md')
  let text: string
  let dir: string
  before(async () => {
    text = await readFile(readme, 'utf8')
    dir = await mkdtemp(join(tmpdir(), 'peerchart-format-'))
  })
  after(() => rm(dir, { recursive: true }))

  const typeOf = (line: object) => ('type' in line ? `${line.type}`.replace('received', 'sent') : 'heading')

  it('shows a line of every type, with its checksum, and names each field of what is recorded', async () => {
    const file = join(dir, 'file.ndjson')
    await recordMeeting(file, 20_000)
    const recorded = (await readFile(file, 'utf8')).trimEnd().split('\n').map(parseLine)
    const shown = [...text.matchAll(/```ndjson\n(.*)\n```/g)].map(([, line]) => parseLine(line!))
    expect([...new Set(shown.map(typeOf))]).to.have.members([...new Set(recorded.map(typeOf)), 'bug'])
    for (const field of new Set([...recorded, ...shown].flatMap((line) => Object.keys(line))))
      expect(text).to.contain(`\`${field}\``)
  })
})
