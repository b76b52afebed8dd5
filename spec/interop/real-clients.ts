import { findEthereumjsClient, findGeth, requireClient, skip } from '../support/clients.ts'
import { Geth, type RpcRequest } from '../support/geth.ts'
import { EthereumjsClient } from './ethereumjs-client.ts'
import { chainFor, newChain, type PeerChain } from './peer-chain.ts'

/** A client of somebody else's, running: at the head of its chain, or empty. */
export type RealPeer = {
  readonly enode: string
  rpc<Result>(method: string, ...params: unknown[]): Promise<Result>
  /** Calls its engine API, as its consensus client. */
  engine<Result>(request: RpcRequest): Promise<Result>
  stop(): Promise<void>
}

export type RealClient = {
  readonly name: string
  /** @returns its executable; skips what runs where there is none */
  require(context: Mocha.Context): string
  chainFor(path: string): Promise<PeerChain>
  start(path: string, chain: PeerChain, at: 'head' | 'genesis'): Promise<RealPeer>
  /** Why it never dials us, if so it is. */
  readonly neverDials?: string
}

export const realClients: readonly RealClient[] = [
  {
    name: 'geth',
    require: (context) => requireClient(context, findGeth(), 'geth'),
    chainFor,
    start: (path, { genesis, chain, networkId }, at) =>
      Geth.start({ path, genesis, networkId, args: ['--syncmode', 'full'], ...(at === 'head' && { chain }) }),
  },
  {
    name: '@ethereumjs/client',
    require: (context) =>
      findEthereumjsClient() ?? skip(context, 'no @ethereumjs/client: set ETHEREUMJS_CLIENT to its bin/cli.js'),
    chainFor: newChain,
    start: (path, { genesis, chain }, at) => EthereumjsClient.start({ path, genesis, ...(at === 'head' && { chain }) }),
    neverDials: 'it dials only whom its discovery has found',
  },
]
