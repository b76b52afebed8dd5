import { expect } from 'chai'
import { createLogger } from '../../../actors/log/log.ts'
import { LogLevels, VmoduleError } from '../../../actors/log/log-levels.ts'
import { Written } from '../cli/scripted-io.ts'

describe('the levels of a log', () => {
  it('change what a log and the children it has already report', () => {
    const stream = new Written(false)
    const log = createLogger({ verbosity: 1, stream })
    const child = log.getSubLogger({ name: 'peer 3f9a01b2' })
    const reported = () => stream.text.split('\n').slice(0, -1)
    child.debug('before')
    log.levels.setVerbosity(4)
    child.debug('after')
    log.levels.setVerbosity(0)
    child.error('silenced')
    expect(reported().map((line) => JSON.parse(line).message)).to.deep.equal(['after'])
  })
  it('take what lies beyond them as the nearest', () => {
    const levels = new LogLevels()
    levels.setVerbosity(9)
    expect(levels.verbosity).to.equal(5)
    levels.setVerbosity(-1)
    expect(levels.verbosity).to.equal(0)
  })

  for (const [ruleset, expected] of [
    ['peer=5', { 'peer 3f9a01b2': 5, peer: 5, peers: 3, eth: 3, '': 3 }],
    ['peer 3f*=4,peer=1', { 'peer 3f9a01b2': 4, 'peer 44444444': 1, eth: 3 }],
    [' rpc = 0 , e*=5,', { rpc: 0, eth: 5, engine: 5, p2p: 3 }],
    ['p.p=5', { 'p.p': 5, p2p: 3 }],
    ['*=2', { rpc: 2, '': 2 }],
    ['eth=99', { eth: 5 }],
    ['', { eth: 3 }],
  ] as [string, Record<string, number>][])
    it(`are those of the first rule that fits in "${ruleset}"`, () => {
      const levels = new LogLevels(3)
      levels.setVmodule(ruleset)
      for (const [name, level] of Object.entries(expected)) expect(levels.of(name), name).to.equal(level)
    })
  for (const ruleset of ['x', '=3', 'x=', 'x=y', 'x=1=2', 'eth=5,x', 'x=1.5'])
    it(`stay as they are upon "${ruleset}", which is no list of rules`, () => {
      const levels = new LogLevels(3)
      levels.setVmodule('eth=4')
      expect(() => levels.setVmodule(ruleset)).to.throw(VmoduleError, 'expect comma-separated list of module=N')
      expect(levels.of('eth')).to.equal(4)
    })
})
