import { expect } from 'chai'
import { maxActiveTalks, TalkProtocols } from '../../../../actors/discovery/v5/talk.ts'
import type { TalkRequest } from '../../../../protocols/discv5/messages.ts'
import { utf8ToBytes } from '../../../../protocols/lib/bytes.ts'
import { failureOf } from '../../../failure.ts'

describe('the application protocols of TALKREQ', () => {
  const from = { id: 'aa', endpoint: { ip: '127.0.0.1', port: 30_303 } }
  const request = (protocol: string): TalkRequest => ({
    ...{ kind: 'TalkRequest', requestId: Uint8Array.of(1) },
    ...{ protocol: utf8ToBytes(protocol), request: Uint8Array.of(7) },
  })

  it('answer by name, and an unknown one with nothing', async () => {
    const talk = new TalkProtocols()
    talk.register('echo', (bytes, sender) => Uint8Array.of(...bytes.subarray(0, 1), sender.endpoint.port & 0xff))
    talk.register('late', async () => Uint8Array.of(9))
    expect(await talk.answer(request('echo'), from)).to.deep.equal(Uint8Array.of(7, 30_303 & 0xff))
    expect(await talk.answer(request('late'), from)).to.deep.equal(Uint8Array.of(9))
    expect(await talk.answer(request('Echo'), from)).to.deep.equal(new Uint8Array(0))
    talk.register('echo', () => new Uint8Array(3))
    expect(await talk.answer(request('echo'), from)).to.have.length(3)
  })
  it('are asked so much at a time and no more', async () => {
    const talk = new TalkProtocols()
    let finish = () => {}
    const finished = new Promise<void>((resolve) => {
      finish = resolve
    })
    talk.register('slow', () => finished.then(() => Uint8Array.of(1)))
    const answers = Array.from({ length: maxActiveTalks }, () => talk.answer(request('slow'), from))
    expect(await talk.answer(request('slow'), from)).to.equal(undefined)
    finish()
    await Promise.all(answers)
    expect(await talk.answer(request('slow'), from)).to.deep.equal(Uint8Array.of(1))
  })
  it('may fail, and free their place', async () => {
    const talk = new TalkProtocols()
    talk.register('bad', () => {
      throw new Error('of the handler')
    })
    for (let i = 0; i <= maxActiveTalks; i++)
      if (i % 200 === 0) expect((await failureOf(talk.answer(request('bad'), from))).message).to.equal('of the handler')
      else await talk.answer(request('bad'), from).catch(() => {})
    talk.register('bad', () => Uint8Array.of(1))
    expect(await talk.answer(request('bad'), from)).to.have.length(1)
  })
})
