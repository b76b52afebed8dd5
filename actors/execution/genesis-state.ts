import { type Alloc, stateRoot } from '../../protocols/chain/alloc.ts'
import type { KeyValueStore, Write } from '../chain/key-value-store.ts'
import { codeKey, nodeKey, nodeWrite } from './state-store.ts'

/** Writes the state of a genesis, a batch at a time, while the rest is computed. @returns its root */
export async function writeGenesisState(store: KeyValueStore, alloc: Alloc): Promise<Uint8Array> {
  let writes: Write[] = []
  const written: Promise<void>[] = []
  const add = (write: Write) => {
    if (writes.push(write) < nodesInWrite) return
    written.push(store.write(writes))
    writes = []
  }
  const root = stateRoot(alloc, {
    node: (hash, node, owner) => add(nodeWrite(nodeKey(hash, owner), node)),
    code: (hash, code) => add(nodeWrite(codeKey(hash), code)),
  })
  await Promise.all([...written, store.write(writes)])
  return root
}

const nodesInWrite = 8_192
