import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { History, historyPath } from '../../../../actors/cli/console/history.ts'

describe('the history of consoles', () => {
  let dir: string
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'peerchart-history-'))
  })
  afterEach(() => rm(dir, { recursive: true, force: true }))

  it('is kept for its user alone, and read back', async () => {
    const path = join(dir, 'state/peerchart/history')
    await new History(path).save(['newest', 'oldest'])
    expect(await readFile(path, 'utf8')).to.equal('oldest\nnewest\n')
    expect((await stat(path)).mode & 0o777).to.equal(0o600)
    expect((await stat(join(dir, 'state/peerchart'))).mode & 0o777).to.equal(0o700)
    expect(await new History(path).load()).to.deep.equal(['newest', 'oldest'])
  })
  it('is empty where there is none, and no error comes when it cannot be kept', async () => {
    await writeFile(join(dir, 'file'), '')
    for (const path of [undefined, join(dir, 'no'), join(dir, 'file/history')]) {
      expect(await new History(path).load()).to.deep.equal([])
      if (path !== join(dir, 'no')) await new History(path).save(['x'])
    }
  })
  it('is where programs keep their state', () => {
    expect(historyPath({ XDG_STATE_HOME: '/s', HOME: '/h' })).to.equal('/s/peerchart/history')
    expect(historyPath({ HOME: '/h' })).to.equal('/h/.local/state/peerchart/history')
    expect(historyPath({})).to.equal(undefined)
  })
})
