import type { Observable } from 'rxjs'
import type { PeerEvent } from '../../machines/admission.ts'
import { RpcServerRunning } from '../../machines/rpc-server.ts'
import { type Enode, EnodeError } from '../../protocols/enode/enode.ts'
import { parseNode } from '../../protocols/enr/parse-node.ts'
import { NodeNotRunning } from '../node/node.ts'
import type { PeerInfo } from '../p2p/peer-info.ts'
import type { Server } from '../p2p/server.ts'
import { type Api, method, subscription } from '../rpc/api.ts'
import { RpcEnabled } from '../rpc/http-server.ts'
import { RpcListenFailed } from '../rpc/listen.ts'
import type { HttpOptions, WsOptions } from '../rpc/options.ts'
import { int, optional, type Param, required, string } from '../rpc/params.ts'
import { RpcError } from '../rpc/rpc-error.ts'

/** The node as its operator sees it. */
export type Administered = {
  /** geth's p2p.NodeInfo. */
  nodeInfo(): unknown
  readonly peerEvents$: Observable<PeerEvent>
  /** @throws {NodeNotRunning} */
  readonly server: Pick<Server, 'addPeer' | 'removePeer' | 'addTrustedPeer' | 'removeTrustedPeer'>
  peers(): PeerInfo[]
  /** An absolute path; undefined when the node writes nothing. */
  readonly datadir?: string | undefined
}

/** The endpoints that can be opened and closed while the node runs. */
export type Endpoints = {
  startHttp(options: HttpOptions): Promise<void>
  stopHttp(): Promise<void>
  startWs(options: WsOptions): Promise<void>
  stopWs(): Promise<void>
}

/** geth's `admin` namespace. @param endpoints those of the node that serves this, once there are any */
export function adminApi(node: Administered, endpoints: () => Endpoints): Api {
  return {
    namespace: 'admin',
    methods: {
      nodeInfo: method([], () => node.nodeInfo()),
      peers: method([], () => node.peers().toSorted((a, b) => (a.id < b.id ? -1 : 1))),
      datadir: method([], () => node.datadir ?? ''),
      addPeer: peerMethod((peer) => node.server.addPeer(peer)),
      removePeer: peerMethod((peer) => node.server.removePeer(peer)),
      addTrustedPeer: peerMethod((peer) => node.server.addTrustedPeer(peer)),
      removeTrustedPeer: peerMethod((peer) => node.server.removeTrustedPeer(peer)),
      startHTTP: method([host, port, list, list, list], (host, port, corsdomain, api, vhosts) =>
        done(() => endpoints().startHttp(given({ host, port, corsdomain, api, vhosts }))),
      ),
      stopHTTP: method([], () => done(() => endpoints().stopHttp())),
      startWS: method([host, port, list, list], (host, port, origins, api) =>
        done(() => endpoints().startWs(given({ host, port, origins, api }))),
      ),
      stopWS: method([], () => done(() => endpoints().stopWs())),
    },
    subscriptions: {
      peerEvents: subscription([], (notify) => {
        const events = node.peerEvents$.subscribe(({ conn: _, ...event }) => notify(event))
        return () => events.unsubscribe()
      }),
    },
  }
}

function peerMethod(run: (peer: Enode) => void | Promise<void>) {
  return method([string], (url) => done(() => run(enodeOf(url))))
}

function enodeOf(url: string): Enode {
  try {
    return parseNode(url)
  } catch (error) {
    if (error instanceof EnodeError) throw new RpcError(`invalid enode: ${error.message}`)
    throw error
  }
}

/** What an operator asked for succeeds, or says why it did not; anything else that is thrown is a bug of ours. */
async function done(run: () => void | Promise<void>): Promise<true> {
  try {
    await run()
    return true
  } catch (error) {
    if (refusals.some((refusal) => error instanceof refusal)) throw new RpcError((error as Error).message)
    throw error
  }
}

const refusals = [NodeNotRunning, RpcListenFailed, RpcServerRunning, RpcEnabled]

const host = optional(string)
const port: Param<number | undefined> = optional(
  required((json) => {
    const number = int.read(json)
    if (number < 0 || number > 0xffff) throw new RpcError(`listen tcp: address ${number}: invalid port`)
    return number
  }),
)
/** Names with commas between them. */
const list: Param<string[] | undefined> = optional(
  required((json) =>
    string
      .read(json)
      .split(',')
      .map((word) => word.trim())
      .filter(Boolean),
  ),
)

type Given<Options> = { [Key in keyof Options]: Exclude<Options[Key], undefined> }

/** What was said, without what was not. */
function given<Options extends object>(options: Options): Partial<Given<Options>> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<
    Given<Options>
  >
}
