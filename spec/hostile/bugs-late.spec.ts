import { expect } from 'chai'
import type { AnyStateMachine } from 'xstate'
import { devGenesisJson } from '../../actors/chain/dev-genesis.ts'
import type { Network } from '../../actors/p2p/connection.ts'
import { createNode } from '../../actors/peerchart/create-node.ts'
import { dial } from '../../actors/scripted-peer/dial.ts'
import { memoryNetwork } from '../../actors/simulation/memory-network.ts'
import { VirtualClock } from '../../actors/simulation/virtual-clock.ts'
import { peerMachine } from '../../machines/index.ts'
import { plantedBugs } from '../bugs.ts'
import { plant } from './plants.ts'

// Ports that only time reaches: a ping to who is silent, and the end of who does not hang up.

describe('a bug in a port that only time reaches', () => {
  for (const name of ['sendPing', 'abandon'])
    it(`in ${name} of peer ends that peer alone, and nothing of it stays`, async () => {
      const clock = new VirtualClock()
      const network = memoryNetwork()
      // A peer that does not read never has the end of what is sent.
      const transport: Network = {
        dial: (...to) => network.dial(...to),
        listen: (host, port, accept) =>
          network.listen(host, port, (stream) => accept(Object.assign(stream, name === 'abandon' && { end() {} }))),
      }
      const node = await createNode({ genesis: devGenesisJson, port: 0, runtime: { clock }, transport })
      await node.start()
      using bug = plant(peerMachine as unknown as AnyStateMachine, { kind: 'actions', name }, () => true)
      const victim = dial(node.enode, { network })
      await victim.until('running')
      if (name === 'abandon') victim.send(0x7f, new Uint8Array()) // of no protocol
      await clock.run(16_000)
      expect(bug.count).to.equal(1)
      expect(plantedBugs().map(({ actor, ends }) => `${actor} ${ends}`)).to.deep.equal(['peer/1 connection'])
      expect(node.peers()).to.deep.equal([])
      expect(node.feed.actors.filter(({ id }) => id.startsWith('peer/'))).to.deep.equal([])
      expect(node.failure).to.equal(undefined)
      victim.close()
      const stopped = node.stop()
      await clock.run(1_000)
      await stopped
    })
})
