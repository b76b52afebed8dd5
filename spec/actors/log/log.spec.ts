import { expect } from 'chai'
import { createLogger, type LogOptions, printable, type Verbosity } from '../../../actors/log/log.ts'
import { Written } from '../cli/scripted-io.ts'

describe('the log', () => {
  for (const [verbosity, levels] of [
    [0, []],
    [1, ['error']],
    [2, ['error', 'warn']],
    [3, ['error', 'warn', 'info']],
    [4, ['error', 'warn', 'info', 'debug']],
    [5, ['error', 'warn', 'info', 'debug', 'trace']],
  ] as [Verbosity, string[]][])
    it(`shows ${levels.join(', ') || 'nothing'} at verbosity ${verbosity}`, () => {
      const { log, lines } = logTo({ verbosity, json: true })
      for (const level of ['error', 'warn', 'info', 'debug', 'trace'] as const) log[level]('hello')
      expect(lines().map((line) => JSON.parse(line).level)).to.deep.equal(levels)
    })

  it('is JSON where there is no terminal', () => {
    const { log, lines } = logTo()
    log.info('Imported blocks', { head: 12n, error: new Error('boom') })
    const [{ time, ...entry }] = lines().map((line) => JSON.parse(line))
    expect(entry).to.deep.equal({ level: 'info', message: 'Imported blocks', head: '12', error: 'boom' })
    expect(new Date(time).toISOString()).to.equal(time)
  })
  it("is geth's form on a terminal", () => {
    const { log, lines } = logTo({}, true)
    log.info('Imported blocks', { head: 12n, name: 'a b', range: { from: 1 } })
    expect(plain(lines()[0]!)).to.match(
      /^INFO \[\d\d-\d\d\|\d\d:\d\d:\d\d\.\d{3}\] Imported blocks {26}head=12 name="a b" range="\{\\"from\\":1\}"$/,
    )
  })
  it('has lists as people write them', () => {
    const { log, lines } = logTo({ json: false })
    log.info('Listed', { effects: ['listen', 'reportStart'], one: ['listen'], none: [], ids: [1, 2], odd: ['a b'] })
    expect(lines()[0]).to.match(/effects=listen,reportStart one=listen none=\[\] ids=1,2 odd="\[\\"a b\\"\]"$/)
  })
  it('has no colour without a terminal', () => {
    const { log, lines } = logTo({ json: false })
    log.warn('plain')
    expect(lines()[0])
      .to.equal(plain(lines()[0]!))
      .and.to.match(/^WARN .* plain$/)
  })
  it('names the child that speaks', () => {
    const pretty = logTo({}, true)
    pretty.log.getSubLogger({ name: 'peer 3f9a01b2' }).info('Dropped')
    expect(plain(pretty.lines()[0]!)).to.match(/] peer 3f9a01b2 Dropped$/)
    const json = logTo()
    json.log.getSubLogger({ name: 'node-2' }).getSubLogger({ name: 'peer 3f9a01b2' }).info('Dropped')
    expect(JSON.parse(json.lines()[0]!)).to.have.property('name', 'node-2 peer 3f9a01b2')
  })
  it('never shows a key', () => {
    for (const isTTY of [true, false]) {
      const { log, lines } = logTo({}, isTTY)
      log.error('Oops', { nodeKey: 'cafe', options: { privateKey: 'cafe', nodeKeyHex: 'cafe' } })
      expect(lines()[0]).to.contain('[***]').and.not.contain('cafe')
    }
  })
  it('lets no remote write to the terminal but letters', () => {
    const { log, lines } = logTo({ json: false })
    log.info('Peer\u001b[2J', { name: '\u001b]0;owned\u0007\u009b31m', error: 'a\nINFO forged' })
    expect(lines()).to.have.length(1)
    expect(lines()[0]).not.to.match(/[\p{C}]/u)
    expect(printable('a\u202eb')).to.equal('a\\u{202e}b')
  })
})

function logTo(options: LogOptions = {}, isTTY = false) {
  const stream = new Written(isTTY)
  return { log: createLogger({ ...options, stream }), lines: () => stream.text.split('\n').slice(0, -1) }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: colours are control characters
const plain = (line: string) => line.replace(/\u001b\[\d+m/g, '')
