import { expect } from 'chai'
import { runCli } from '../../../actors/cli/program.ts'
import { createNode } from '../../../actors/create-node.ts'
import { OpenPage } from '../inspector/open-page.ts'
import { ScriptedIo } from './scripted-io.ts'

describe('--inspect', () => {
  it('is on in the network of npm start, which prints its address first', async () => {
    const io = new ScriptedIo(createNode)
    const running = runCli(['dev', '--nodes', '2'], io)
    const line = await io.stdout.line(/^Watch it in a browser: /)
    const page = await OpenPage.at(/http:\S+/.exec(line)![0])
    const { nodes, heading } = await page.until('hello')
    expect(nodes).to.deep.equal(['node-1', 'node-2'])
    expect(heading.forks!.at(-1)!.name).to.match(/^[A-Z]/)
    await page.until('changes', ({ peers }) => peers.some(({ isNode }) => isNode !== undefined))
    page.close()
    io.signal('SIGINT')
    expect(await running).to.equal(0)
  })
  it('may be left out there', async () => {
    const io = new ScriptedIo(createNode)
    const running = runCli(['dev', '--nodes', '2', '--no-inspect'], io)
    await io.stdout.line(/^Ctrl-C ends it/)
    expect(io.out).not.to.contain('http://')
    io.signal('SIGINT')
    expect(await running).to.equal(0)
  })
  it('is asked for in start, and tells where tools of @statelyai/inspect attach', async () => {
    const io = new ScriptedIo(createNode)
    const running = runCli(['start', '--network', 'sepolia', '--port', '0', '--inspect-stately', '--json-logs'], io)
    const { url } = JSON.parse(await io.stderr.line(/Started inspector/)) as { url: string }
    const tools = JSON.parse(await io.stderr.line(/@statelyai/)) as { url: string }
    expect(tools.url).to.equal(`${url.replace('http', 'ws')}stately`)
    await io.stderr.line(/Started P2P/)
    const page = await OpenPage.at(url)
    expect((await page.ask('picture', {})).picture.actors.map(({ actor }) => actor)).to.include('server')
    page.close()
    io.signal('SIGINT')
    expect(await running).to.equal(0)
  })
})
