import type { TransitionEntry } from '../trace/entries.ts'

// What a transition means to somebody who has never read a chart.

/** @returns the outermost state of a state in words: `running` of `running.(keepalive.quiet writing.flowing)` */
export const outermost = (state: string): string => /^[^.(]*/.exec(state)![0] || state

/** @returns what happened; the event's own name where nobody has found better words */
export function describe({ chart, event, from, to }: TransitionEntry): string {
  return (
    changes[chart]?.[`${outermost(from)} → ${outermost(to)}`] ??
    causes[event] ??
    (event.startsWith('xstate.') ? '' : `on ${event}`)
  )
}

/** Worth a line even when the outermost state stays. */
export const isMilestone = ({ chart, from, to }: TransitionEntry): boolean =>
  told.has(chart) && outermost(from) !== outermost(to)

/** Charts whose lives are told; the others are for `--verbosity 4`. */
const told = new Set(['node', 'server', 'peer', 'eth-peer', 'protocol-manager'])

const changes: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  node: {
    'initializing → starting': 'server first, then the services in order',
    'starting → running': 'everything runs',
    'running → closing': 'services first, then the server',
    'closing → closed': 'the chain is closed, nothing is left',
  },
  server: {
    'idle → starting': 'opens its listener',
    'starting → running': 'listens, and dials its static nodes',
    'running → stopping': 'takes leave of every peer',
    'stopping → stopped': 'the last peer is gone',
  },
  'protocol-manager': {
    'created → running': 'takes peers that speak eth',
    'running → stopping': 'ends its sessions',
    'stopping → stopped': 'the last session is over',
  },
  peer: {
    'securing → greeting': 'keys agreed, frames are encrypted from here on; Hello goes out',
    'greeting → admitted': 'Hello read, and the server has a place for it',
    'admitted → running': 'the protocols that both speak begin',
    'closing → closed': 'gone',
  },
  'eth-peer': {
    'waiting → awaitingStatus': 'our Status goes out',
    'awaitingStatus → registering': 'Status agrees: the same network, genesis and forks',
    'registering → active': 'a peer to sync with',
    'active → closed': 'its session is over',
  },
}

/** Why a connection ends, most often. */
const causes: Readonly<Record<string, string>> = {
  'server.refused': 'the server has no place for it',
  'hello.invalid': 'that was no Hello',
  'protocol.ended': 'a protocol has ended it',
  'disconnect.received': 'it sent Disconnect',
  'peer.disconnect': 'we send Disconnect',
  'read.failed': 'what came cannot be read',
  'stream.closed': 'the connection is closed',
}
