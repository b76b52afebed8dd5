export type { SubCap } from '../../protocols/sub-protocols.ts'
export { memoryNetwork, streamPair } from '../simulation/memory-network.ts'
export { VirtualClock } from '../simulation/virtual-clock.ts'
export type { Offer, Offers, StatusFields } from './caps.ts'
export { type DialOptions, dial } from './dial.ts'
export { type BrokenDiscv4, type Discv4Fields, type Discv4Packet, discv4, type ScriptedDiscv4 } from './discv4.ts'
export {
  type BrokenDiscv5,
  type BrokenHandshake,
  type Discv5Fields,
  type Discv5MessageName,
  type Discv5Options,
  type Discv5Packets,
  discv5,
  type ScriptedDiscv5,
} from './discv5.ts'
export type { FieldsOf } from './fields.ts'
export { FrameWriter } from './frame-writer.ts'
export { type ListenOptions, listen, type ScriptedListener } from './listen.ts'
export type { PeerMessage, PeerMessageName } from './negotiated-messages.ts'
export type { RawFrame } from './raw-frame.ts'
export type { PeerState, ScriptedPeer, ScriptedPeerOptions } from './scripted-peer.ts'
export { type Received, ScriptError, type TranscriptLine, type Wait } from './transcript.ts'
export type { UdpPeerOptions, UdpRemote } from './udp-peer.ts'
