import { expect } from 'chai'
import { watchSignals } from '../../../actors/cli/signals.ts'
import { createLogger } from '../../../actors/log/log.ts'
import { ScriptedIo } from './scripted-io.ts'

describe('signals', () => {
  const watch = () => {
    const io = new ScriptedIo()
    return { io, lifetime: watchSignals(io, createLogger({ stream: io.stderr, json: true })) }
  }
  const logOf = ({ err }: ScriptedIo) =>
    err
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line))

  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    it(`end a command upon the first ${signal}`, async () => {
      const { io, lifetime } = watch()
      const end = lifetime.end()
      expect(lifetime.wasInterrupted).to.equal(false)
      io.signal(signal)
      await end
      expect(lifetime.wasInterrupted).to.equal(true)
      expect(logOf(io)[0]).to.include({ level: 'info', message: 'Got interrupt, shutting down...' })
    })
  it('count down nine more, then end the process', () => {
    const { io } = watch()
    for (let i = 0; i < 10; i++) io.signal(i % 2 ? 'SIGINT' : 'SIGTERM')
    const warnings = logOf(io).filter(({ level }) => level === 'warn')
    expect(warnings.map(({ times }) => times)).to.deep.equal([9, 8, 7, 6, 5, 4, 3, 2, 1])
    expect(warnings[0].message).to.equal('Already shutting down, interrupt more to panic.')
    expect(io.exitCode).to.equal(undefined)
    io.signal('SIGINT')
    expect(io.exitCode).to.equal(2)
  })
  it('are not needed by a command that was given a time', async () => {
    const { lifetime } = watch()
    await lifetime.end(1)
    expect(lifetime.wasInterrupted).to.equal(false)
  })
  it('are left alone when it is over', () => {
    const { io, lifetime } = watch()
    expect(io.listening).to.equal(2)
    lifetime.release()
    expect(io.listening).to.equal(0)
  })
})
