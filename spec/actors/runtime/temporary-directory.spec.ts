import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { TemporaryDirectory } from '../../../actors/runtime/temporary-directory.ts'
import { programFile, programLoader } from '../../support/project.ts'

describe('a temporary directory', () => {
  it('is there until it is removed', async () => {
    const directory = await TemporaryDirectory.make('peerchart-spec')
    expect(existsSync(directory.path)).to.equal(true)
    const listeners = process.listenerCount('exit')
    directory.remove()
    expect(existsSync(directory.path)).to.equal(false)
    expect(process.listenerCount('exit')).to.equal(listeners - 1)
  })
  it('goes with its process', () => {
    const path = pathIn('peerchart-spec', 'process.exit(2)')
    expect(path).to.contain('peerchart-spec-')
    expect(existsSync(path)).to.equal(false)
  }).timeout(20_000)
  it('of a process that was killed goes when the next one is made, and of those that live none', async () => {
    const name = `peerchart-spec-${process.pid}`
    const left = pathIn(name, "process.kill(process.pid, 'SIGKILL')")
    expect(existsSync(left)).to.equal(true)
    const kept = ['1-abcdef', '99999999999-abcdef', '0-abcdef', 'abcdef'].map((end) =>
      join(tmpdir(), `${name}-${hostname()}-${end}`),
    )
    for (const path of kept) mkdirSync(path)
    const [one, other] = [await TemporaryDirectory.make(name), await TemporaryDirectory.make(name)]
    expect(existsSync(left)).to.equal(false)
    expect([...kept, one.path, other.path].filter((path) => !existsSync(path))).to.deep.equal([])
    for (const path of kept) rmSync(path, { recursive: true })
    one.remove()
    other.remove()
  }).timeout(20_000)
})

/** @returns where the directory was, of a process that made one and ended so */
function pathIn(name: string, ending: string): string {
  const module = programFile('actors/runtime/temporary-directory')
  const script = `
    import { writeSync } from 'node:fs'
    const { TemporaryDirectory } = await import(${JSON.stringify(module)})
    const { path } = await TemporaryDirectory.make('${name}')
    writeSync(1, path)
    ${ending}`
  const { stdout } = spawnSync(process.execPath, [...programLoader, '--input-type=module', '-e', script], {
    encoding: 'utf8',
  })
  return stdout
}
