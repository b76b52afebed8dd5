import type { Connect, ConnectionOwner, Listener } from '../../actors/p2p/connection.ts'
import { peerConnector } from '../../actors/p2p/peer.ts'
import type { Protocol } from '../../actors/p2p/protocol.ts'
import { tcp } from '../../actors/p2p/tcp.ts'
import { nodeCiphers } from '../../actors/runtime/ciphers.ts'
import { InputRoom } from '../../actors/runtime/input-room.ts'
import { processRuntime } from '../../actors/runtime/process-runtime.ts'
import { FairScheduler } from '../../actors/runtime/scheduler.ts'
import { toEnode } from '../../protocols/enode/enode.ts'
import { publicKeyOf } from '../../protocols/lib/secp256k1.ts'

const runtime = processRuntime()
const input = new InputRoom()
const scheduler = new FairScheduler(runtime.clock, setImmediate)

/** One end of a connection without a server behind it: peers are admitted unasked. */
export type End = { readonly publicKey: Uint8Array; readonly connect: Connect }

export function createEnd(name: string, protocols: readonly Protocol[]): End {
  const privateKey = runtime.entropy(32)
  const publicKey = publicKeyOf(privateKey)
  const connect = peerConnector(runtime, {
    privateKey,
    publicKey,
    name,
    protocols,
    ciphers: nodeCiphers,
    scheduler,
    input,
    parent: name,
  })
  return { publicKey, connect }
}

let connections = 0

/** Accepts on a loopback port, and admits everyone. */
export function listen({ connect }: End): Promise<Listener> {
  return tcp.listen('127.0.0.1', 0, (stream) => {
    const { owner, born } = admitting()
    born(connect(stream, { conn: ++connections, origin: 'inbound', owner }))
  })
}

/** @returns the connection, once both Hellos are exchanged and its protocols run */
export async function dial(from: End, to: End, port: number): Promise<ReturnType<Connect>> {
  const stream = await tcp.dial('127.0.0.1', port, 5_000)
  const { owner, born, added } = admitting()
  const target = toEnode(to.publicKey, '127.0.0.1', port)
  const connection = from.connect(stream, { conn: ++connections, origin: 'dyndial', target, owner })
  born(connection)
  await added
  return connection
}

function admitting() {
  let connection: ReturnType<Connect> | undefined
  let owner: ConnectionOwner | undefined
  const added = new Promise<void>((resolve, reject) => {
    owner = {
      checkpoint: () => connection!.admit(),
      isTrusted: () => false,
      setupEnded: (_, outcome) => outcome.added || reject(outcome.error ?? new Error('not added')),
      peerAdded: () => resolve(),
      peerEnded: () => {},
    }
  })
  added.catch(() => {})
  const born = (one: ReturnType<Connect>) => {
    connection = one
  }
  return { owner: owner!, added, born }
}
