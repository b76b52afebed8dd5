import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { runCli } from '../../../actors/cli/program.ts'
import * as charts from '../../../machines/index.ts'
import { ScriptedIo } from './scripted-io.ts'

describe('peerchart charts', () => {
  const run = async (...args: string[]) => {
    const io = new ScriptedIo()
    const status = await runCli(['charts', ...args], io)
    return { status, out: io.out, err: io.err }
  }
  const good = async (...args: string[]) => {
    const { status, out, err } = await run(...args)
    expect({ status, err }).to.deep.equal({ status: 0, err: '' })
    return out
  }
  const names = Object.values(charts).map(({ id }) => id)

  it('lists every chart in a line, with its size and what it is', async () => {
    const lines = (await good()).trimEnd().split('\n')
    expect(lines.map((line) => line.split(' ')[0])).to.deep.equal(names)
    for (const line of lines) expect(line).to.match(/^\S+ +\d+ states +\d+ transitions {2}\S.{20}/)
    expect(JSON.parse(await good('--json')).map(({ name }: { name: string }) => name)).to.deep.equal(names)
  })
  it('shows a chart as a tree of states, with where each event leads', async () => {
    const text = await good('peer')
    expect(text).to.match(/^peer: 15 states, 33 transitions\none connection /)
    expect(text).to.include('├─ ● securing (auth and ack (EIP-8), then the first checkpoint)\n')
    expect(text).to.match(
      / hello\.accepted \[isImpostor\] +→ closing +\/ adoptVersion, conclude \(unexpected identity\)\n/,
    )
    expect(text).to.match(/ after 15 s +↻ +\/ sendPing\n/)
    expect(text).to.include('└─ ◎ closed\n')
  })
  it('draws a chart as SVG, mermaid or data', async () => {
    expect(await good('peer', '--svg')).to.match(/^<svg [\s\S]*<style>[\s\S]*<\/svg>\n$/)
    expect(await good('peer', '--mermaid')).to.match(/^stateDiagram-v2\n {2}state "securing"/)
    expect(JSON.parse(await good('peer', '--json'))).to.have.nested.property(
      'root.states[0].initial',
      'securing.handshaking',
    )
  })
  it('writes every chart into a directory, or one', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'peerchart-charts-'))
    try {
      const written = await good('--out', join(directory, 'all'))
      expect(written.trimEnd().split('\n')).to.deep.equal(names.map((name) => join(directory, 'all', `${name}.svg`)))
      expect(await readFile(join(directory, 'all', 'server.svg'), 'utf8')).to.match(/^<svg /)
      await good('node', '--mermaid', '--out', directory)
      await good('node', '--json', '--out', directory)
      expect(await readdir(directory)).to.have.members(['all', 'node.mmd', 'node.json'])
    } finally {
      await rm(directory, { recursive: true })
    }
  })
  for (const [line, complaint] of [
    ['pear', /'pear' is invalid for argument 'name'. Allowed choices are .*peer/],
    ['--svg', /which chart\? Name one, or give --out a directory/],
    ['peer --svg --json', /cannot be used with option/],
    ['peer --out /dev/null', /\/dev\/null/],
  ] as const)
    it(`refuses \`charts ${line}\` in one line`, async () => {
      const { status, out, err } = await run(...line.split(' '))
      expect({ status, out }).to.deep.equal({ status: 1, out: '' })
      expect(err)
        .to.match(/^error: [^\n]+\n$/)
        .and.to.match(complaint)
    })
})
