import { type Alloc, stateRoot } from '../../protocols/chain/alloc.ts'
import type { KeyValueStore, Write } from '../chain/key-value-store.ts'
import { codeKey, nodeKey, nodeWrite } from './state-store.ts'

/** Writes the state of a genesis, a batch at a time. @returns its root */
export async function writeGenesisState(store: KeyValueStore, alloc: Alloc): Promise<Uint8Array> {
  const writes: Write[] = []
  const root = stateRoot(alloc, {
    node: (hash, node, owner) => void writes.push(nodeWrite(nodeKey(hash, owner), node)),
    code: (hash, code) => void writes.push(nodeWrite(codeKey(hash), code)),
  })
  while (writes.length > 0) await store.write(writes.splice(-nodesInWrite))
  return root
}

const nodesInWrite = 8_192
