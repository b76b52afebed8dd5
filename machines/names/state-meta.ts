/** How far a connection is: of the charts of connections, and of the sessions on them. */
export type Phase =
  | 'listening'
  | 'dialing'
  /** auth and ack */
  | 'securing'
  /** Hello both ways */
  | 'greeting'
  /** Status both ways */
  | 'handshaking'
  /** In the peer set; its protocols are being started. */
  | 'admitted'
  | 'running'
  | 'closing'
  | 'closed'

/**
 * What a chart says of its states to those that read them in the feed: they know states by this, never by their names.
 * A state has what it says itself, and of the rest what the state around it says.
 * @typeParam Cause events and delays of the chart
 */
export type StateMeta<Cause extends string = string> = {
  /** What it means that the chart has come here, in one line for somebody who has never read it. */
  readonly label?: string
  readonly phase?: Phase
  /** What geth calls a setup that fails here (p2p/metrics.go); any other place is `other`. */
  readonly setupFault?: 'rlpx_enc' | 'rlpx_proto'
  /** At the root: why a state was left, by the event or the delay that did it, where the state that follows has no label. */
  readonly causes?: { readonly [Name in Cause]?: string }
}

/** `moving`: the chart does not stay here; `ended`: it does for good, though the state is not final; `syncing`: blocks are fetched. */
export type StateTag = 'moving' | 'ended' | 'syncing'
