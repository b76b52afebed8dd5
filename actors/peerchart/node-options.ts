import type { SyncMode } from '../../machines/downloader-setup.ts'
import type { NetworkName } from '../../protocols/chain/networks.ts'
import type { EthVersion } from '../../protocols/eth/versions.ts'
import type { Logger } from '../log/log.ts'
import type { MetricsOptions } from '../metrics/node-metrics.ts'
import type { Protocol } from '../p2p/protocol.ts'
import type { Api } from '../rpc/api.ts'
import type { RpcOptions } from '../rpc/options.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { DiscoveryOptions } from './discovery.ts'
import type { Transport } from './transport.ts'

export type NodeOptions = {
  /** Where the node keeps its key and its chain. Without it both live in memory, and nothing is written. */
  readonly datadir?: string
  /** A public network. @default 'mainnet' */
  readonly network?: NetworkName
  /** Another chain: the path of a geth genesis.json, or what such a file holds. Excludes `network`. */
  readonly genesis?: string | object
  /** @default the chain's own */
  readonly networkId?: bigint
  /**
   * Executes blocks in a thread of its own, and keeps the states of the last 128: some 60 MB of memory. Needs a genesis with
   * its accounts, which the built-in networks do not have. The command `start` does so by itself, a program asks for it:
   * what it needs of a chain in a test is often blocks that nothing can execute. @default false
   */
  readonly execute?: boolean
  /**
   * How a node that has nothing but the genesis gets to the head. `full`: by executing every block. `snap`: by fetching from peers
   * the state of a block some 64 below it, and executing from there on; needs `execute`. Of a chain that has blocks already it says
   * nothing: they are executed (geth's --syncmode). @default 'full'
   */
  readonly syncMode?: SyncMode
  /** Fetches the receipts of blocks from peers, which need not be executed for that. Not where they are. @default false */
  readonly receipts?: boolean
  /** 32 bytes. @default the key in `datadir`, made when there is none */
  readonly nodeKey?: Uint8Array
  /** Address to listen on. @default '127.0.0.1' */
  readonly host?: string
  /** TCP port to listen on, 0 for any free one. @default 30303 */
  readonly port?: number
  /** @default 50 */
  readonly maxPeers?: number
  /**
   * Bytes of what peers and clients of RPC have begun to send and not ended, all together: with more, who holds most of it
   * is hung up on. @default 256 MiB
   */
  readonly maxInputBytes?: number
  /** Dials no node, not even `peers`: geth's NoDial. @default false */
  readonly noDial?: boolean
  /** enode URLs of nodes to stay connected to. */
  readonly peers?: readonly string[]
  /** enode URLs of nodes let in above `maxPeers`. */
  readonly trusted?: readonly string[]
  /** Finds nodes by discv4 and discv5, and lets itself be found. On a loopback host it stays on the machine. @default off */
  readonly discovery?: DiscoveryOptions
  /**
   * How the node learns the address that others reach it at: `any` and `none` by what they report, `extip:<IP>` by this.
   * No port is mapped. @default 'any'
   */
  readonly nat?: string
  /** Networks that peers are dialed in, are accepted from and are found in, as CIDR masks: `127.0.0.0/8,10.0.0.0/8`. @default any */
  readonly netRestrict?: string
  /** A word of your own in the client's name. */
  readonly identity?: string
  /** @default all: 72, 71, 70, 69, 68 */
  readonly ethVersions?: readonly EthVersion[]
  /** Milliseconds from one look for new blocks at the peers to the next. @default 3000 */
  readonly headPollInterval?: number
  /** Where JSON-RPC is served. @default nowhere */
  readonly rpc?: RpcOptions
  /** Namespaces of your own, beside the node's. */
  readonly apis?: readonly Api[]
  /** Capabilities of your own, beside eth. */
  readonly protocols?: readonly Protocol[]
  /**
   * A file that the keys of every session are added to, so that a capture of them can be read: by
   * anyone who has the file. @default none
   */
  readonly keyLog?: string
  /** A file that everything the node does is written to, for `replay` and `inspect`; keys are never in it. @default none */
  readonly record?: { readonly file: string; readonly maxBytes?: number }
  /** Other clocks, entropy, turns or feed than the process's: for simulations. */
  readonly runtime?: Partial<Runtime>
  /** Streams, datagrams for discovery, names. @default TCP, UDP and the system's resolver */
  readonly transport?: Transport
  readonly log?: Logger
  /** Metrics for Prometheus, on an address of their own. Left out, nothing is counted. */
  readonly metrics?: MetricsOptions
}
