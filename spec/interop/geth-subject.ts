import { ethtest } from '../support/ethtest.ts'
import type { Geth } from '../support/geth.ts'
import type { Subject } from '../support/subject.ts'

/** geth, to be tried as our own node is. */
export function gethSubject(geth: Geth): Subject {
  return {
    enode: geth.enode,
    nodeKey: geth.nodeKey,
    head: Number(ethtest.head.number),
    addPeer: (enode) => geth.rpc('admin_addPeer', enode),
    removePeer: (enode) => geth.rpc('admin_removePeer', enode),
    vitals: async () => {
      await geth.rpc('debug_freeOSMemory')
      const peers = await geth.rpc<unknown[]>('admin_peers')
      return { memory: await geth.memory(), peers: peers.length }
    },
    stop: () => geth.stop(),
  }
}
