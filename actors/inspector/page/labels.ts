import type { ActorFacts, PeerFacts, ShownLine } from '../wire.ts'

// Numbers and names as people read them.

/** Narrow, and no place for a line to break. */
const thin = '\u202f'

/** @returns `12 s`, `3 m 05 s`, `2 h 10 m`, of milliseconds */
export function age(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000))
  if (seconds < 60) return `${seconds}${thin}s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes}${thin}m ${pad(seconds % 60)}${thin}s`
  return `${Math.floor(minutes / 60)}${thin}h ${pad(minutes % 60)}${thin}m`
}

/** @returns the same where there is little room: `12 s`, `3 m`, `2 h` */
export const briefAge = (ms: number): string => age(ms).split(' ')[0]!

/** @returns a moment since the beginning: `4.120`, `2:05.300`, in seconds */
export function moment(ms: number): string {
  const seconds = ms / 1_000
  if (seconds < 60) return seconds.toFixed(3)
  return `${Math.floor(seconds / 60)}:${(seconds % 60).toFixed(3).padStart(6, '0')}`
}

/** @returns `840 B`, `1.2 kB`, `34 MB` */
export function bytes(count: number): string {
  if (count < 1_000) return `${count}${thin}B`
  const power = Math.min(Math.floor(Math.log10(count) / 3), 4)
  const value = count / 1_000 ** power
  return `${value < 10 ? value.toFixed(1) : Math.round(value)}${thin}${' kMGT'[power]}B`
}

/** @returns `0.4 ms`, `31 ms`, `2.1 s` */
export function latency(ms: number): string {
  if (ms >= 1_000) return `${(ms / 1_000).toFixed(1)}${thin}s`
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)}${thin}ms`
}

export const count = (value: number): string => value.toLocaleString('en').replaceAll(',', thin)

/** @returns `1 node`, `3 nodes` */
export const some = (all: number, what: string): string => `${count(all)} ${what}${all === 1 ? '' : 's'}`

/** @returns a client's name up to its version: `Geth/v1.17.5-stable` */
export function shortClient(client: string): string {
  const parts = client.split('/')
  const version = parts.findIndex((part) => /^v?\d/.test(part))
  return parts.slice(0, version === -1 ? 2 : version + 1).join('/')
}

/** @returns what an actor is called beneath its parent: `peer/7`, `eth` */
export function nameOf({ actor, node, parent }: ActorFacts): string {
  if (parent === undefined && node !== undefined) return node
  if (parent !== undefined && actor.startsWith(`${parent}/`)) return actor.slice(parent.length + 1)
  return node !== undefined && actor.startsWith(`${node}/`) ? actor.slice(node.length + 1) : actor
}

/** @returns who is at the other end, as well as it is known */
export function remoteOf(peer: PeerFacts | undefined): string {
  if (peer?.isNode !== undefined) return peer.isNode
  if (peer?.client !== undefined) return shortClient(peer.client)
  return peer?.id?.slice(0, 8) ?? peer?.address ?? 'unknown'
}

/** @returns `eth/68–72 snap/1` of `eth/68`, `eth/69`, … */
export function capsLabel(caps: readonly string[]): string {
  const versions = new Map<string, number[]>()
  for (const cap of caps) {
    const [name = '', version = ''] = cap.split('/')
    versions.set(name, [...(versions.get(name) ?? []), Number(version)])
  }
  return [...versions]
    .map(([name, all]) => {
      const [low, high] = [all.reduce((a, b) => Math.min(a, b)), all.reduce((a, b) => Math.max(a, b))]
      return low === high ? `${name}/${low}` : `${name}/${low}–${high}`
    })
    .join(' ')
}

/** @returns the outermost state of a state as it is printed: `running` of `running.(keepalive.quiet writing.flowing)` */
export const outermost = (state: string): string => /^[^.(]*/.exec(state)![0] || state

/** @returns a state as far as it is one path: `running` of `running.(keepalive.quiet writing.flowing)` */
export const briefState = (state: string): string => /^[^(]*[^(.]/.exec(state)?.[0] ?? state

/** @returns an event's name; those of XState itself as a person would say them: `after pingInterval` */
export function eventName(event: string): string {
  const [, delay] = /^xstate\.after\.([^.]+)/.exec(event) ?? []
  if (delay !== undefined) return `after ${delay}`
  return event.startsWith('xstate.done') ? 'done' : event === 'xstate.init' ? 'start' : event
}

/** @returns where a transition led: by itself, or by what the chart found when it did what the transition says */
export function whereTo({ from, to, outcome }: Extract<ShownLine, { readonly type: 'transition' }>): string {
  if (outcome) return `${outcome.to}, by ${outcome.event}`
  return from === to ? 'stays' : to
}

/** @returns what a message is called, even where the node has no name for it */
export function messageName(line: Extract<ShownLine, { readonly protocol: string }>): string {
  if (line.name !== undefined) return line.name
  return `${line.protocol}${line.version === undefined ? '' : `/${line.version}`} 0x${pad(line.code.toString(16))}`
}

const pad = (value: number | string) => `${value}`.padStart(2, '0')
