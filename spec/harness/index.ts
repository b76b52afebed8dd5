export { FrameWriter } from './frame-writer.ts'
export { type Heard, type Received, ScriptError, type Wait } from './inbox.ts'
export { ScriptedListener } from './scripted-listener.ts'
export { ScriptedPeer, type ScriptedPeerOptions } from './scripted-peer.ts'
