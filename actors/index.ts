export { Chain, type ChainReader } from './chain/chain.ts'
export { type Forkchoice, ForkchoiceError } from './chain/forkchoice.ts'
export { ImportError, type ImportProgress } from './chain/import.ts'
export { InvalidGenesis } from './chain/json-fields.ts'
export type { NetworkName } from './chain/networks.ts'
export { CorruptDatabase, DatabaseLocked } from './chain/store.ts'
export { WrongGenesis } from './chain/stored-chain.ts'
export { InvalidBlock } from './chain/verify.ts'
export { createNode, type NodeOptions } from './create-node.ts'
export { EthService } from './eth/service.ts'
export type { ActorFacts, FeedEntry, FeedListener, MessageEntry, TransitionEntry } from './feed/entries.ts'
export { Feed } from './feed/feed.ts'
export { drawChart } from './inspector/drawing/draw-chart.ts'
export { Inspector, type InspectorOptions } from './inspector/inspector.ts'
export { InspectorFailed } from './inspector/inspector-errors.ts'
export { createLogger, type Logger, type Verbosity } from './log.ts'
export type { MetricsOptions, NodeMetrics } from './metrics/node-metrics.ts'
export { Node, type Service, type ServiceContext } from './node.ts'
export { NodeKeyError } from './node-key.ts'
export { NodeOptionError } from './node-option-error.ts'
export type {
  Connect,
  Connection,
  ConnectionOwner,
  Listener,
  Network,
  Stream,
  StreamListener,
} from './p2p/connection.ts'
export { defineProtocol, type NamedSession, type ProtocolDefinition } from './p2p/define-protocol.ts'
export type { PeerInfo } from './p2p/peer-info.ts'
export { WriteQueueFull } from './p2p/peer-session.ts'
export type { PeerFacts, Protocol, Session, SessionHandler } from './p2p/protocol.ts'
export { ListenFailed, Server } from './p2p/server.ts'
export { tcp } from './p2p/tcp.ts'
export type { NodeEvent, PeerchartNode } from './peerchart-node.ts'
export { processRuntime } from './process-runtime.ts'
export { type Api, type Method, method, type Subscription, subscription } from './rpc/api.ts'
export { RpcListenFailed } from './rpc/listen.ts'
export type { RpcOptions } from './rpc/options.ts'
export { type Param, ParamError, required } from './rpc/params.ts'
export { RpcError } from './rpc/rpc-error.ts'
export { type Clock, type Entropy, type Runtime, startActor, type Tell } from './runtime.ts'
