import { expect } from 'chai'
import { ScriptError, Transcript } from '../../../actors/scripted-peer/transcript.ts'
import { VirtualClock } from '../../../actors/simulation/virtual-clock.ts'

describe('the messages that a script has not read', () => {
  it('are as many bytes as may wait: the oldest fall off', async () => {
    const transcript = new Transcript(new VirtualClock(), 1_000)
    const payload = new Uint8Array(16 * 1024 * 1024)
    for (let code = 0; code < 5; code++) transcript.receive({ name: `${code}`, code, payload, label: '' })
    transcript.close()
    const hear = (name: string) => transcript.next(name, (message) => message.name === name)
    expect(await hear('0').catch((error) => error))
      .to.be.instanceOf(ScriptError)
      .and.have.property('message')
      .that.matches(/^no 0 before it closed; 1 had fallen off unread\n/)
    for (const name of ['1', '2', '3', '4']) expect(await hear(name)).to.include({ name })
  })
  it('make room when they are read', async () => {
    const transcript = new Transcript(new VirtualClock(), 1_000)
    const payload = new Uint8Array(16 * 1024 * 1024)
    for (let code = 0; code < 9; code++) {
      transcript.receive({ name: 'kept', code, payload: new Uint8Array(0), label: '' })
      transcript.receive({ name: 'big', code, payload, label: '' })
      await transcript.next('big', ({ name }) => name === 'big')
    }
    expect(await transcript.next('kept', () => true)).to.include({ code: 0 })
  })
})
