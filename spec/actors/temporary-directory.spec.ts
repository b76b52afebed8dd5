import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { TemporaryDirectory } from '../../actors/temporary-directory.ts'

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
    const module = join(import.meta.dirname, '../../actors/temporary-directory.ts')
    const script = `
      const { TemporaryDirectory } = await import(${JSON.stringify(module)})
      const { path } = await TemporaryDirectory.make('peerchart-spec')
      process.stdout.write(path)
      process.exit(2)`
    let path = ''
    try {
      execFileSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], { encoding: 'utf8' })
    } catch (error) {
      path = (error as { stdout: string }).stdout
    }
    expect(path).to.contain('peerchart-spec-')
    expect(existsSync(path)).to.equal(false)
  }).timeout(20_000)
})
