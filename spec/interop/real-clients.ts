import { findEthereumjsClient, findGeth, requireClient, skip } from '../harness/clients.ts'
import { Geth, type RpcRequest } from '../harness/geth.ts'
import { EthereumjsClient } from './ethereumjs-client.ts'
import { chainFor, type PeerChain, pragueChain } from './peer-chain.ts'

/** A client of somebody else's, running: at the head of its chain, or empty. */
export type RealPeer = {
  readonly enode: string
  rpc<Result>(method: string, ...params: unknown[]): Promise<Result>
  stop(): Promise<void>
}

export type RealClient = {
  readonly name: string
  /** @returns its executable; skips what runs where there is none */
  require(context: Mocha.Context): string
  chainFor(path: string): Promise<PeerChain>
  start(path: string, chain: PeerChain, at: 'head' | 'genesis'): Promise<RealPeer>
  /** Names the head to an empty one, as its consensus client. */
  lead?(peer: RealPeer, chain: PeerChain): Promise<void>
  /** Why it never dials us, or never syncs from us, when so it is. */
  readonly unable?: { readonly dials: string; readonly syncs: string }
}

export const realClients: readonly RealClient[] = [
  {
    name: 'geth',
    require: (context) => requireClient(context, findGeth(), 'geth'),
    chainFor,
    start: (path, { genesis, chain, networkId }, at) =>
      Geth.start({ path, genesis, networkId, args: ['--syncmode', 'full'], ...(at === 'head' && { chain }) }),
    async lead(peer, { payload, update }) {
      const engine = (call: RpcRequest) => (peer as Geth).engine<unknown>(call)
      await engine(payload)
      await engine(update)
    },
  },
  {
    name: '@ethereumjs/client',
    require: (context) =>
      findEthereumjsClient() ?? skip(context, 'no @ethereumjs/client: set ETHEREUMJS_CLIENT to its bin/cli.js'),
    chainFor: pragueChain,
    start: (path, { genesis, chain }, at) => EthereumjsClient.start({ path, genesis, ...(at === 'head' && { chain }) }),
    unable: {
      dials: 'it dials only what its discovery has found',
      syncs: 'it asks for the block behind our head, and takes a peer that has none for one without a chain',
    },
  },
]
