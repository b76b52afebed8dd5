import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import { describeFork } from '../../../actors/probe/forks.ts'
import { bytesToHex } from '../../../protocols/lib/bytes.ts'
import { publicKeyOf } from '../../../protocols/lib/secp256k1.ts'
import { encodeHello } from '../../../protocols/p2p/messages.ts'
import { type EthCase, silence, type Trial } from './eth-case.ts'

export const handshakeCases: readonly EthCase[] = [
  {
    name: 'Status',
    async run(trial) {
      const { head, genesis, fork } = trial.chain
      const peer = trial.dial()
      await peer.until('running')
      const status = peer.theirStatus!
      expect(status.version).to.equal(trial.version)
      expect(bytesToHex(status.genesis)).to.equal(bytesToHex(genesis.header.hash))
      const hash = 'range' in status ? status.range.latestHash : status.head
      expect(bytesToHex(hash)).to.equal(bytesToHex(head.header.hash))
      if ('range' in status) expect(status.range.latest).to.equal(head.header.number)
      expect(describeFork(status.forkId, genesis, head.header.time).label).to.equal(`at ${fork}, no fork to come`)
    },
  },
  {
    name: 'MaliciousHandshake',
    async run(trial) {
      for (const hello of maliciousHellos()) await expectNoHarm(trial, encodeHello(hello))
    },
  },
]

/** A first message under the code of no base message: what comes of it is the node's own Hello, and the end. */
async function expectNoHarm(trial: Trial, payload: Uint8Array): Promise<void> {
  const peer = trial.dial({ through: 'rlpx' })
  await peer.until('greeting')
  peer.raw({ code: 16, payload })
  for (let reads = 0; reads < 2; reads++) {
    const heard = await peer.next(() => true).catch(silence)
    if (!heard || heard.name === 'Disconnect') return
    expect(heard.name).to.equal('Hello')
  }
}

function maliciousHellos() {
  const id = publicKeyOf(randomBytes(32))
  const name = ''
  const base = { version: 5, name, listenPort: 0 }
  const large = 'x'.repeat(2 << 20)
  const caps = [
    { name: 'eth', version: 64 },
    { name: 'eth', version: 65 },
  ]
  return [
    { ...base, caps: [{ name: large, version: 64 }], id },
    { ...base, caps, id: Uint8Array.of(...id, 0) },
    { ...base, caps, id: Uint8Array.of(...id, ...id) },
    { ...base, caps, id: new Uint8Array(2 << 20) },
    { ...base, caps: [{ name: large, version: 5 }], id: new Uint8Array(2 << 20) },
  ]
}
