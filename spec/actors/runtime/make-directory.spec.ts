import { existsSync } from 'node:fs'
import { chmod, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { makeDirectory } from '../../../actors/runtime/make-directory.ts'

describe('making a directory', () => {
  let dir: string
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'peerchart-make-directory-'))
  })
  afterEach(() => rm(dir, { recursive: true }))

  const modeOf = async (...names: string[]) => (await stat(join(dir, ...names))).mode & 0o777
  const codeOf = (path: string) => makeDirectory(path).catch(({ code }) => code)

  it('makes those above it too, all for whom it says', async () => {
    await makeDirectory(join(dir, 'a/b/c'), 0o700)
    expect([await modeOf('a'), await modeOf('a/b'), await modeOf('a/b/c')]).to.deep.equal([0o700, 0o700, 0o700])
  })
  it('leaves one that is there as it is', async () => {
    await chmod(dir, 0o750)
    await makeDirectory(dir, 0o700)
    expect(await modeOf()).to.equal(0o750)
  })
  it('may be asked twice at once', async () => {
    await Promise.all([makeDirectory(join(dir, 'a/b')), makeDirectory(join(dir, 'a/b'))])
    expect(existsSync(join(dir, 'a/b'))).to.equal(true)
  })
  it('refuses what a file is in the way of', async () => {
    await writeFile(join(dir, 'file'), '')
    expect(await codeOf(join(dir, 'file'))).to.equal('EEXIST')
    expect(await codeOf(join(dir, 'file/a/b'))).to.equal('ENOTDIR')
  })
  it('refuses a file system that takes none', async function () {
    if (!existsSync('/proc/self')) this.skip()
    expect(await codeOf('/proc/none/a/b')).to.equal('ENOENT')
  })
})
