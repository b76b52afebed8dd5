import { execFileSync } from 'node:child_process'
import { closeSync, constants, existsSync, openSync, readSync, writeSync } from 'node:fs'
import { chmod, link, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { KeyLogFile } from '../../../actors/keylog/key-log-file.ts'
import { Recorder } from '../../../actors/recording/recorder.ts'
import { openPrivate } from '../../../actors/runtime/private-file.ts'

describe("a file that is its owner's alone", () => {
  if (process.platform === 'win32') return
  let dir: string
  const at = (name: string) => join(dir, name)
  const modeOf = async (name: string) => (await stat(at(name))).mode & 0o777
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'peerchart-private-'))
    await writeFile(at('readable'), 'before')
    await chmod(at('readable'), 0o644)
    await symlink(at('readable'), at('link'))
    await symlink(at('new'), at('dangling'))
    await link(at('readable'), at('hard'))
  })
  afterEach(() => rm(dir, { recursive: true }))

  for (const name of ['readable', 'link', 'hard'])
    it(`is so when there was a ${name}, whose bytes stay or go as is asked`, async () => {
      const more = openPrivate(at(name), 'append')
      writeSync(more, ', after')
      closeSync(more)
      expect([await readFile(at('readable'), 'utf8'), await modeOf('readable')]).to.deep.equal(['before, after', 0o600])
      await chmod(at('readable'), 0o666)
      closeSync(openPrivate(at(name), 'replace'))
      expect([await readFile(at('readable'), 'utf8'), await modeOf('readable')]).to.deep.equal(['', 0o600])
    })
  it('is so where there was none, behind a link too', async () => {
    closeSync(openPrivate(at('dangling'), 'append'))
    expect(await modeOf('new')).to.equal(0o600)
  })
  it('is none of another user', async function () {
    const { getuid } = process
    if (!getuid) return this.skip()
    process.getuid = () => getuid() + 1
    try {
      expect(() => openPrivate(at('link'), 'replace')).to.throw('EPERM: the file belongs to another user')
    } finally {
      process.getuid = getuid
    }
    expect([await readFile(at('readable'), 'utf8'), await modeOf('readable')]).to.deep.equal(['before', 0o644])
  })
  it('may be a device, which is left as it is', async function () {
    if (!existsSync('/dev/null')) return this.skip()
    const { mode } = await stat('/dev/null')
    closeSync(openPrivate('/dev/null', 'replace'))
    expect((await stat('/dev/null')).mode).to.equal(mode)
  })
  for (const how of ['append', 'replace'] as const)
    it(`may be a pipe, which is not waited for where it has no reader, to ${how}`, async () => {
      execFileSync('mkfifo', [at('pipe')])
      expect(() => openPrivate(at('pipe'), how)).to.throw(/^ENXIO: the pipe has no reader, open '.*pipe'$/)
      const reader = openSync(at('pipe'), constants.O_RDONLY | constants.O_NONBLOCK)
      const writer = openPrivate(at('pipe'), how)
      writeSync(writer, 'a line')
      const [bytes, read] = [Buffer.alloc(10), (into: Buffer) => readSync(reader, into)]
      expect(bytes.subarray(0, read(bytes)).toString()).to.equal('a line')
      closeSync(writer)
      closeSync(reader)
    })
  it('ends as a key log where it is a pipe that is full: the process does not wait', () => {
    execFileSync('mkfifo', [at('pipe')])
    const reader = openSync(at('pipe'), constants.O_RDONLY | constants.O_NONBLOCK)
    const errors: string[] = []
    const keyLog = new KeyLogFile(at('pipe'), ({ message }) => errors.push(message))
    for (let i = 0; i < 100; i++) keyLog.write('x'.repeat(4_096))
    expect(errors)
      .to.have.length(1)
      .with.property('0')
      .that.matches(/EAGAIN/)
    keyLog.close()
    closeSync(reader)
  })
  it('is the key log and the recording', async () => {
    new KeyLogFile(at('link'), () => {}).close()
    expect(await modeOf('readable')).to.equal(0o600)
    await chmod(at('readable'), 0o644)
    const recorder = await Recorder.open(at('link'), { client: 'x' })
    await recorder.close()
    expect(await modeOf('readable')).to.equal(0o600)
    expect(await readFile(at('readable'), 'utf8')).to.match(/^\{"format"/)
  })
})
