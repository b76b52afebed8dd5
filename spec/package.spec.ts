import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { expect } from 'chai'

describe('the package', function () {
  this.timeout(30_000)

  it("ships of the specs' helpers only what the harness is made of", () => {
    const pack = ['pack', '--dry-run', '--json', '--ignore-scripts']
    const [packed] = JSON.parse(execFileSync('npm', pack, { cwd: join(import.meta.dirname, '..'), encoding: 'utf8' }))
    const paths: string[] = packed.files.map(({ path }: { path: string }) => path)
    const modules = paths.filter((path) => path.startsWith('dist/spec/') && path.endsWith('.js'))
    expect(modules.sort()).to.deep.equal(
      ['index', 'memory-network', 'virtual-clock'].map((name) => `dist/spec/harness/${name}.js`),
    )
  })
})
