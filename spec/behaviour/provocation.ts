import type { ScriptedPeer, ScriptedPeerOptions } from '../../actors/scripted-peer/scripted-peer.ts'
import type { EthVersion } from '../../protocols/eth/versions.ts'

/** What a provocation may know of the node. */
export type World = {
  readonly enode: string
  /** The number of its head block. */
  readonly head: number
  /** 32 bytes. */
  readonly nodeKey: Uint8Array
}

/** How far a peer has come before its script begins: what it hears from there on counts. */
export type Stage =
  /** TCP is open. */
  | 'tcp'
  /** The encryption handshake is done: the node's Hello counts. */
  | 'rlpx'
  /** Both Hellos are exchanged: the node's Status counts. */
  | 'hello'
  /** Both Statuses are exchanged. */
  | 'session'

export type Expectation = {
  /** The messages of the node, in order. */
  readonly hears: readonly string[]
  /** What may come last or not: geth's own timers race. */
  readonly mayHear?: string
  readonly ends: 'open' | 'closed'
  /**
   * How an open connection shows it: it answers a request, which proves that all before was dealt with; or it goes on
   * for 1.5 s, where the script has left it unable to answer.
   */
  readonly proof?: 'answers' | 'quiet'
  /** When it closes, in milliseconds since the script began. */
  readonly after?: { readonly atLeast: number; readonly atMost: number }
}

/** One way to try a node, and what geth does. */
export type Provocation = {
  readonly name: string
  /** What is sent, for the title. */
  readonly sends: string
  readonly stage: Stage
  /** Which versions of eth it is tried at. */
  readonly versions: readonly EthVersion[]
  options?(world: World): ScriptedPeerOptions
  script(peer: ScriptedPeer, world: World): unknown
  expects(world: World, version: EthVersion): Expectation
}

/** A row of a table: what its table says of all rows is left out. */
export type Row = Omit<Provocation, 'stage' | 'versions' | 'script' | 'expects'> & {
  readonly versions?: readonly EthVersion[]
  readonly script?: Provocation['script']
  readonly expects: Expectation | Provocation['expects']
}

export const staysOpen = (...hears: string[]): Expectation => ({ hears, ends: 'open' })
export const staysQuiet = (...hears: string[]): Expectation => ({ hears, ends: 'open', proof: 'quiet' })
export const closes = (...hears: string[]): Expectation => ({ hears, ends: 'closed' })
export const closesAfter = (ms: number, ...hears: string[]): Expectation => ({
  hears,
  ends: 'closed',
  after: { atLeast: ms - 200, atMost: ms + 2_000 },
})

export function table(stage: Stage, versions: readonly EthVersion[], rows: readonly Row[]): Provocation[] {
  return rows.map((row) => ({
    stage,
    versions,
    script() {},
    ...row,
    expects: typeof row.expects === 'function' ? row.expects : always(row.expects),
  }))
}

const always = (expectation: Expectation) => () => expectation
