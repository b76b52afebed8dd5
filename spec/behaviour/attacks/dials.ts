import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import { listen } from '../../../actors/scripted-peer/listen.ts'
import type { ScriptedPeer } from '../../../actors/scripted-peer/scripted-peer.ts'
import { openTcp, tcpOnly } from '../../support/stages.ts'
import type { Subject } from '../../support/subject.ts'
import type { Attack } from '../attack.ts'
import { getHeaders } from '../provocations/requests.ts'

/** Two nodes that dial each other at once, in each order: one connection lives, the other ends in "already connected". */
export const dials: readonly Attack[] = [
  {
    name: 'a node that dials us while we dial it, and is first',
    run: (subject) =>
      bothWays(subject, async ({ inbound, outbound }) => {
        await running(inbound)
        await outbound.rlpx()
        await outbound.closed()
        expect(heard(outbound)).to.deep.equal(['disc 0x05', 'closed'])
        await inbound.request(getHeaders())
      }),
  },
  {
    name: 'a node that dials us while we dial it, and is last',
    run: (subject) =>
      bothWays(subject, async ({ inbound, outbound }) => {
        await running(outbound)
        await inbound.rlpx()
        await inbound.closed()
        expect(heard(inbound)).to.deep.equal(['disc 0x05', 'closed'])
        await outbound.request(getHeaders())
      }),
  },
  {
    name: 'a node that dials us while we dial it, and says Hello last',
    run: (subject) =>
      bothWays(subject, async ({ inbound, outbound }) => {
        await inbound.rlpx()
        await running(outbound)
        await inbound.next('Hello')
        inbound.sendHello()
        await inbound.closed()
        expect(heard(inbound)).to.deep.equal(['Hello', 'disc 0x05', 'closed'])
        await outbound.request(getHeaders())
      }),
  },
]

async function bothWays(
  subject: Subject,
  script: (peers: { inbound: ScriptedPeer; outbound: ScriptedPeer }) => Promise<void>,
): Promise<void> {
  const privateKey = randomBytes(32)
  const listener = await listen({ ...tcpOnly, privateKey })
  await subject.addPeer(listener.enode)
  const outbound = await listener.accept().until('securing')
  const inbound = await openTcp(subject.enode, { privateKey })
  try {
    await script({ inbound, outbound })
  } finally {
    await subject.removePeer(listener.enode)
    inbound.close()
    outbound.close()
    await listener.close()
  }
}

async function running(peer: ScriptedPeer): Promise<void> {
  await peer.rlpx()
  await peer.hello()
  await peer.status()
}

const heard = (peer: ScriptedPeer) => peer.log.map(({ label }) => label)
