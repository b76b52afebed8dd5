import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { createProgram } from '../actors/cli/program.ts'
import { optionsTable } from './actors/cli/options-table.ts'
import { ScriptedIo } from './actors/cli/scripted-io.ts'

const run = promisify(execFile)

describe('the README', function () {
  this.timeout(60_000)
  const root = join(import.meta.dirname, '..')
  const readme = readFileSync(join(root, 'README.md'), 'utf8')
  const examples = [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code!)
  let dir: string

  before(() => {
    dir = mkdtempSync(join(tmpdir(), 'peerchart-readme-'))
    symlinkSync(join(root, 'node_modules'), join(dir, 'node_modules'))
    writeFileSync(join(dir, 'package.json'), '{ "type": "module" }')
    writeFileSync(join(dir, 'tsconfig.json'), JSON.stringify(configFor(root)))
    for (const [i, code] of examples.entries()) writeFileSync(join(dir, `example-${i}.ts`), code)
  })
  after(() => rmSync(dir, { recursive: true, force: true }))

  it('begins with the two lines that a newcomer types', () => {
    const [start, test] = [...readme.matchAll(/^```sh\n(.*?)\n```$/gms)].map(([, line]) => line)
    expect([start, test]).to.deep.equal(['npm ci && npm start', 'npm ci && npm test'])
    expect(readme.indexOf('npm ci && npm test')).to.be.below(1_500)
  })
  it('has examples of nodes, protocols and charts', () => {
    const all = examples.join('\n')
    for (const name of ['createNode', 'defineProtocol', "'peerchart/machines'"]) expect(all).to.contain(name)
  })
  it('has examples that compile', async () => {
    const tsc = join(root, 'node_modules/typescript/bin/tsc')
    const { stdout } = await run(process.execPath, [tsc, '-p', dir]).catch((error) => error)
    expect(stdout).to.equal('')
  })
  for (const [i, code] of examples.entries())
    it(`has an example ${i + 1} that prints what it says`, async () => {
      const promised = [...code.matchAll(/^\/\/ prints: (.*)$/gm)].map(([, line]) => line)
      expect(promised).not.to.deep.equal([])
      const { stdout, stderr } = await run(process.execPath, ['--import', 'tsx', join(dir, `example-${i}.ts`)], {
        cwd: dir,
        timeout: 30_000,
      })
      expect(stderr).to.equal('')
      expect(stdout.trimEnd().split('\n')).to.deep.equal(promised)
    })
  it('lists the options of `peerchart start` as the settings have them', () => {
    const table = optionsTable()
    const [heading] = table.split('\n')
    const start = readme.indexOf(heading!)
    expect(readme.slice(start, readme.indexOf('\n\n', start) + 1)).to.equal(table)
  })
  it('names every option of every command', () => {
    const { commands } = createProgram(new ScriptedIo())
    const options = commands.flatMap((command) => command.options.map(({ long }) => long!))
    expect(options).to.have.length.above(20)
    for (const option of options) expect(readme).to.contain(option)
  })
})

/** The package's own names lead to its sources, so that no stale build is tried. */
const configFor = (root: string) => ({
  extends: join(root, 'tsconfig.base.json'),
  compilerOptions: {
    ...{ types: ['node'], typeRoots: [join(root, 'node_modules/@types')], composite: false, declaration: false },
    noEmit: true,
    allowImportingTsExtensions: true,
    rewriteRelativeImportExtensions: false,
    paths: {
      peerchart: [join(root, 'actors/index.ts')],
      'peerchart/machines': [join(root, 'machines/index.ts')],
    },
  },
  include: ['*.ts'],
})
