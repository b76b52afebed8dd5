import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { expect } from 'chai'
import { createMachine, StateMachine } from 'xstate'
import { lampMachine } from './actors/drawing/lamp.ts'
import { charts, chartsPath, machineToMarkdown, withCharts } from './diagrams.ts'
import { programFile, projectRoot } from './support/project.ts'

describe('the pictures in machines/README.md', () => {
  const markdown = readFileSync(chartsPath, 'utf8')

  it('are those of the charts as they are (if not: npx tsx spec/diagrams.ts --write)', () =>
    expect(withCharts(markdown)).to.equal(markdown))
  it('are of every chart there is', async () => {
    const files = readdirSync(join(projectRoot, 'machines')).filter((file) => /(?<!^index)\.ts$/.test(file))
    const modules = await Promise.all(files.map((file) => import(programFile(`machines/${basename(file, '.ts')}`))))
    const machines = modules.flatMap((module) => Object.values(module)).filter((one) => one instanceof StateMachine)
    expect(charts.map(({ id }) => id)).to.have.members(machines.map(({ id }) => id))
  })
  it('have a place for each chart, and no place for another', () => {
    expect(() => withCharts('# Nothing')).to.throw('no place for these charts: node, server')
    expect(() => withCharts('<!-- chart:ghost -->\n<!-- /chart -->')).to.throw('a chart that is none: ghost')
  })
  it('leave the text around them alone', () => {
    const machine = createMachine({ id: 'one' })
    const text = 'before\n<!-- chart:one -->\nold\n<!-- /chart -->\nafter\n'
    const drawn = withCharts(text, [machine])
    expect(drawn).to.match(/^before\n<!-- chart:one -->\n\n```mermaid\n[\s\S]*<!-- \/chart -->\nafter\n$/)
    expect(withCharts(drawn, [machine])).to.equal(drawn)
  })
})

describe('a chart as a picture', () => {
  const lamp = lampMachine()

  it('has every transition in a table, also those that stay', () =>
    expect(machineToMarkdown(lamp)).to.include(
      [
        '| state | on | if | effects | next |',
        '|---|---|---|---|---|',
        '| off | switch.pressed | isDark |  | on |',
        '| off | switch.pressed | else | warn |  |',
        '| off | after 15 s |  |  | off |',
        '| on | switch.pressed |  |  | off |',
        '| on | mains.failed |  |  | broken |',
        '| on.light.dim | entry |  | shine |  |',
        '| on.light.dim | after 250 ms |  |  | on.light.bright |',
        '| on.fan.still | fuse.blown |  |  | broken |',
      ].join('\n'),
    ))
})
