import { expect } from 'chai'
import { probe } from '../../../actors/probe/probe.ts'
import { dial } from '../../../actors/scripted-peer/dial.ts'
import { listen } from '../../../actors/scripted-peer/listen.ts'
import type { ScriptedPeer } from '../../../actors/scripted-peer/scripted-peer.ts'
import { memoryNetwork } from '../../../actors/simulation/memory-network.ts'
import { baseCodes } from '../../../protocols/p2p/messages.ts'
import { encodeMessage } from '../../../protocols/sub-protocols.ts'

describe('why a node hung up at our auth', () => {
  for (const [where, host, causes] of [
    ['that is near', '127.0.0.1', 'its key is not that of the enode, or it does not speak RLPx'],
    [
      'that is far, and may count how often it is dialed',
      '203.0.113.7',
      'its key is not that of the enode, it does not speak RLPx, or our address has dialed it within the last 30 s',
    ],
  ] as const)
    it(`is said of one ${where}`, async () => {
      const network = memoryNetwork()
      await using listener = await listen({ network, host, port: 30_303, through: 'tcp' })
      await using other = listener.accept()
      await using peer = dial(listener.enode, { network })
      const probing = probe(peer, { now: () => 0n, timeout: 1_000, step() {} })
      await other.until('securing')
      other.close()
      const { outcome, cause } = await probing
      expect({ outcome, cause }).to.deep.equal({
        outcome: 'not-devp2p',
        cause: `it closed the connection at our auth: ${causes}`,
      })
    })
})

describe('what a node sends and cannot be read', () => {
  type Say = (node: ScriptedPeer) => unknown
  /** Of a node that does as `say` says once keys are agreed or, `afterHello`, after both Hellos. It never hangs up by itself. */
  const verdictOn = async (say: Say, { afterHello = false } = {}) => {
    const network = memoryNetwork()
    await using listener = await listen({
      network,
      port: 30_303,
      through: afterHello ? 'hello' : 'rlpx',
      caps: ['eth/69'],
    })
    await using node = listener.accept()
    await using peer = dial(listener.enode, { network, timeout: timeout })
    // The time that a wait in vain would take is more than a spec has.
    const probing = probe(peer, { now: () => 0n, timeout: timeout, step() {} })
    await node.until(afterHello ? 'handshaking' : 'greeting')
    await say(node)
    const { outcome, cause } = await probing
    return { outcome, cause, heard: peer.log.map(({ label }) => label) }
  }
  const timeout = 600_000
  const disconnect = (payload: Uint8Array, compressed: boolean) => (node: ScriptedPeer) =>
    node.raw({ code: baseCodes.Disconnect, payload, compressed })
  const beforeHello = ', once keys were agreed and before its Hello'
  const afterHello = ', after both Hellos'

  for (const [what, say, cause] of [
    [
      'a Hello that is malformed',
      (node) => node.send(0, Uint8Array.of(0xc1, 0x05)),
      /^its first message is no Hello that can be: .*RLP|^its first message is no Hello that can be: invalid message/,
    ],
    [
      'a Hello that is too big',
      (node) => node.send(0, new Uint8Array(2_049)),
      /^its first message is no Hello that can be: message too big/,
    ],
    [
      'another message in its place',
      (node) => node.send(16, Uint8Array.of(0xc0)),
      /^its first message is no Hello that can be: expected handshake, got 10/,
    ],
    [
      'a frame of wrong MAC',
      (node) => node.raw({ code: 0, wrongMac: 'frame' }),
      /^what it sent cannot be read: rlpx: bad frame MAC, once keys were agreed/,
    ],
  ] as const satisfies readonly (readonly [string, Say, RegExp])[])
    it(`is said at once: ${what}`, async () => {
      const verdict = await verdictOn(say)
      expect(verdict.outcome).to.equal('incompatible')
      expect(verdict.cause).to.match(cause)
    })
  for (const [what, say, cause] of [
    [
      'a frame of wrong MAC',
      (node) => node.raw({ code: 16, wrongMac: 'header' }),
      /^what it sent cannot be read: rlpx: bad header MAC, after both Hellos/,
    ],
    [
      'what is not compressed',
      (node) => node.raw({ code: 16, payload: new Uint8Array(20).fill(0xff) }),
      /^what it sent cannot be read: rlpx: snappy, after both Hellos/,
    ],
    [
      'a Status that is malformed',
      (node) => node.send(16, Uint8Array.of(0xc1, 0x05)),
      /^its Status cannot be read as one of eth\/69: /,
    ],
    [
      'a Status of another version',
      (node) => node.send(16, encodeMessage(68, { kind: 'Status', ...status68 })),
      /^its Status (cannot be read as one of eth\/69: |is of eth\/68, and both speak eth\/69)/,
    ],
  ] as const satisfies readonly (readonly [string, Say, RegExp])[])
    it(`is said at once, behind Hello: ${what}`, async () => {
      const verdict = await verdictOn(say, { afterHello: true })
      expect(verdict.outcome).to.equal('incompatible')
      expect(verdict.cause).to.match(cause)
    })
  for (const [what, say, after] of [
    ['compressed, before Hello', disconnect(Uint8Array.of(0xc1, 0x04), true), beforeHello],
    ['bare and compressed, before Hello', disconnect(Uint8Array.of(0x04), true), beforeHello],
    ['as it should be, before Hello', disconnect(Uint8Array.of(0xc1, 0x04), false), beforeHello],
  ] as const)
    it(`is a Disconnect with its reason, ${what}`, async () => {
      const { outcome, cause, heard } = await verdictOn(say)
      expect({ outcome, cause }).to.deep.equal({
        outcome: 'full',
        cause: `it sent Disconnect 0x04, too many peers${after}`,
      })
      expect(heard).to.deep.equal(['disc 0x04', 'closed'])
    })
  for (const [what, payload, compressed] of [
    ['not compressed', [0xc1, 0x04], false],
    ['bare and not compressed', [0x04], false],
    ['as it should be', [0xc1, 0x04], true],
  ] as const)
    it(`is a Disconnect with its reason behind Hello, ${what}`, async () => {
      const say = disconnect(Uint8Array.from(payload), compressed)
      const { outcome, cause } = await verdictOn(say, { afterHello: true })
      expect({ outcome, cause }).to.deep.equal({
        outcome: 'full',
        cause: `it sent Disconnect 0x04, too many peers${afterHello}`,
      })
    })
  for (const isLate of [false, true])
    for (const compressed of [false, true])
      it(`is a Disconnect without a reason, ${isLate ? 'behind' : 'before'} Hello, ${compressed ? '' : 'not '}compressed`, async () => {
        const say = disconnect(Uint8Array.of(0xc0), compressed)
        const { cause, heard } = await verdictOn(say, { afterHello: isLate })
        expect(cause).to.equal(`it sent Disconnect without a reason${isLate ? afterHello : beforeHello}`)
        expect(heard.slice(-2)).to.deep.equal(['disc without a reason', 'closed'])
      })
})

const status68 = {
  ...{ version: 68 as const, networkId: 1n, td: 1n, head: new Uint8Array(32), genesis: new Uint8Array(32) },
  forkId: { hash: new Uint8Array(4), next: 0n },
}
