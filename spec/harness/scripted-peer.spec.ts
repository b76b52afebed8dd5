import { expect } from 'chai'
import { ScriptError } from './inbox.ts'
import { ScriptedListener } from './scripted-listener.ts'
import { ScriptedPeer } from './scripted-peer.ts'

describe('two scripted peers', () => {
  let listener: ScriptedListener
  let dialer: ScriptedPeer
  let acceptor: ScriptedPeer
  beforeEach(async () => {
    listener = await ScriptedListener.open({ answerPings: true })
    dialer = await ScriptedPeer.tcp(listener.enode)
    acceptor = await listener.accept()
    await Promise.all([dialer.rlpx(), acceptor.rlpx()])
  })
  afterEach(() => {
    dialer.close()
    acceptor.close()
    listener.close()
  })

  const meet = () => Promise.all([dialer.hello(), acceptor.hello()])
  const heard = (peer: ScriptedPeer) => peer.log.map(({ words }) => words)

  it('meet over TCP, and agree on a version of eth', async () => {
    await meet()
    expect(dialer.version).to.equal(69)
    expect(heard(acceptor)).to.deep.equal(['Hello'])
  })

  it('say what they are told to, and answer nothing else', async () => {
    await meet()
    acceptor.say({ kind: 'BlockRangeUpdate', earliest: 0n, latest: 1n, latestHash: new Uint8Array(32) })
    acceptor.ping()
    dialer.ping()
    await dialer.next('Pong')
    expect(heard(dialer)).to.deep.equal(['Hello', 'BlockRangeUpdate', 'Ping', 'Pong'])
    expect(heard(acceptor)).to.deep.equal(['Hello', 'Ping'])
  })

  it('send a payload as it is, where one asks for that', async () => {
    await meet()
    dialer.sendFrame(0x7f, Uint8Array.of(1, 0, 7)) // snappy of the byte 7
    const { payload, words } = await acceptor.next('code 0x7f')
    expect([words, ...payload]).to.deep.equal(['code 0x7f', 7])
  })

  it('see what breaks the wire', async () => {
    await meet()
    dialer.sendRaw(new Uint8Array(32))
    await acceptor.closed()
    expect(heard(acceptor)).to.deep.equal(['Hello', 'broke the wire: rlpx: bad header MAC', 'closed'])
  })

  it('tell what came instead of what was waited for', async () => {
    await meet()
    dialer.send(1, Uint8Array.of(0xc1, 0x10))
    dialer.close()
    const error = await acceptor.next('Status').catch((error: Error) => error)
    expect(error).to.be.instanceOf(ScriptError)
    expect((error as Error).message).to.match(/no Status .* heard Hello .* disc 0x10 .* closed/)
  })
})
