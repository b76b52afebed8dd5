/** A node that specs try: what they need of it, whatever it is and wherever it runs. */
export type Subject = {
  readonly enode: string
  /** 32 bytes. */
  readonly nodeKey: Uint8Array
  /** The number of its head block. */
  readonly head: number
  /** Makes it dial. */
  addPeer(enode: string): Promise<void>
  /** Makes it hang up on a node, and dial it no more. */
  removePeer(enode: string): Promise<void>
  vitals(): Promise<Vitals>
  stop(): Promise<void>
}

/** What cannot be known of a subject is left out. */
export type Vitals = {
  /** In bytes: what is in use after a collection of garbage, or resident memory where that is not known. */
  readonly memory: number
  /** The highest resident memory since the last look, in bytes. */
  readonly peak?: number
  readonly peers: number
  /** Open, listening ones included. */
  readonly sockets?: number
  /** Armed. */
  readonly timers?: number
  /** Alive. */
  readonly actors?: number
}
