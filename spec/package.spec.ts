import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { projectRoot } from './support/project.ts'

describe('the package', function () {
  this.timeout(30_000)

  it('ships no spec', () => {
    expect(packed().filter((path) => path.startsWith('dist/spec/'))).to.deep.equal([])
  })

  it('ships the sources that its source maps name, in them', () => {
    const maps = packed().filter((path) => path.endsWith('.map'))
    const bare = maps.filter((path) => {
      const { sources, sourcesContent = [] } = JSON.parse(readFileSync(join(projectRoot, path), 'utf8'))
      return sourcesContent.length !== sources.length || sourcesContent.includes(null)
    })
    expect(maps).not.to.be.empty
    expect(bare).to.deep.equal([])
  })

  it('can be had by `require`: none of its modules awaits anything', () => {
    const { exports } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8'))
    const entries = Object.keys(exports).map((path) => `peerchart${path.slice(1)}`)
    const script = `for (const entry of ${JSON.stringify(entries)}) console.log(entry, Object.keys(require(entry)).length > 0)`
    const said = execFileSync(process.execPath, ['--input-type=commonjs', '-e', script], {
      cwd: projectRoot,
      encoding: 'utf8',
    })
    expect(said.trim().split('\n')).to.deep.equal(entries.map((entry) => `${entry} true`))
  })

  it('is found by what it is about', () => {
    const { keywords } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8'))
    expect(keywords).to.include.members(['ethereum', 'devp2p', 'rlpx', 'statecharts'])
  })

  it('pins all that it is built with by content, and by no host', () => {
    const text = readFileSync(join(projectRoot, 'package-lock.json'), 'utf8')
    const { packages } = JSON.parse(text) as { packages: Record<string, { integrity?: string; resolved?: string }> }
    const loose = Object.entries(packages).filter(([path, { integrity }]) => path !== '' && integrity === undefined)
    expect(loose.map(([path]) => path)).to.deep.equal([])
    expect(Object.values(packages).filter(({ resolved }) => resolved !== undefined)).to.deep.equal([])
  })
})

/** @returns the paths of what would be published */
function packed(): string[] {
  const pack = ['pack', '--dry-run', '--json', '--ignore-scripts']
  const [{ files }] = JSON.parse(execFileSync('npm', pack, { cwd: projectRoot, encoding: 'utf8' }))
  return files.map(({ path }: { path: string }) => path)
}
