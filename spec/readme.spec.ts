import { expect } from 'chai'
import { createProgram, runCli } from '../actors/cli/program.ts'
import { optionsTable } from './actors/cli/options-table.ts'
import { ScriptedIo } from './actors/cli/scripted-io.ts'
import { documents, ExampleFolder, examples, readme } from './readme-examples.ts'
import { type OwnNode, startOwnNode } from './support/own-node.ts'

describe('the README', function () {
  this.timeout(60_000)
  let folder: ExampleFolder
  /** Whom the examples dial that dial somebody. */
  let node: OwnNode

  before(async () => {
    folder = new ExampleFolder()
    node = await startOwnNode()
  })
  after(async () => {
    folder?.remove()
    await node?.stop()
  })

  it('begins with the two lines that a newcomer types', () => {
    const [start, test] = [...readme.matchAll(/^```sh\n(.*?)\n```$/gms)].map(([, line]) => line)
    expect([start, test]).to.deep.equal(['npm ci && npm start', 'npm ci && npm test'])
    expect(readme.indexOf('npm ci && npm test')).to.be.below(1_500)
  })
  it('is short enough to be read', () => expect(readme.split('\n').length).to.be.at.most(221))
  it('has examples of nodes, protocols, charts and tests', () => {
    const all = examples.join('\n')
    for (const name of ['createNode', 'defineProtocol', "'peerchart/machines'", "'peerchart/harness'"])
      expect(all).to.contain(name)
  })
  it('has examples that compile', async () => expect(await folder.compile()).to.equal(''))
  it('tests a client in fewer than 20 lines, which are JavaScript as well', async () => {
    const code = examples.find((example) => example.includes("'peerchart/harness'"))!
    expect(await folder.parse(code)).to.equal('')
    expect(code.trimEnd().split('\n')).to.have.length.below(20)
  })
  for (const [i, code] of examples.entries())
    it(`has an example ${i + 1} that prints what it says`, () => folder.expectAsPromised(code, node.enode))
  it('lists the options of `peerchart start` as the settings have them', () => {
    const table = optionsTable()
    const [heading] = table.split('\n')
    const start = documents.indexOf(heading!)
    expect(documents.slice(start, documents.indexOf('\n\n', start) + 1)).to.equal(table)
  })
  it('names every option of every command', async () => {
    const io = new ScriptedIo()
    for (const command of createProgram(io).commands) await runCli([command.name(), '--help'], io)
    const options = Array.from(io.out.matchAll(/^ {2}(--[a-z.-]+)/gm), ([, option]) => option!)
    expect(options).to.have.length.above(20)
    for (const option of options) expect(documents).to.contain(option)
  })
})
