import { hexToBytes } from './bytes.ts'
import { spongeWasm } from './sponge.wasm.ts'

// The WASM module of sponge.as.ts: one instance for the process, because its memory is the only place where its code can
// work. Its buffers are scratch: a caller uses one up before returning, and nothing in here waits.

/** What sponge.as.ts exports. Addresses are offsets in {@link memory}; sizes are in bytes. */
export type Sponge = {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number }
  readonly hashStart: () => void
  readonly hashUpdate: (size: number) => void
  readonly hashDigest: () => void
  readonly sessionStart: (session: number) => void
  readonly sessionSeed: (sponge: number, size: number) => void
  readonly xor: (to: number, keystream: number, size: number) => void
  readonly sealHeader: (session: number, size: number, keystream: number) => void
  readonly absorbBody: (sponge: number, at: number, size: number) => void
  readonly sealBody: (session: number, at: number) => void
  readonly openHeader: (session: number, keystream: number) => number
  readonly openBody: (session: number, at: number) => number
  readonly compress: (from: number, size: number, to: number) => number
  readonly inflate: (from: number, end: number, to: number, size: number) => number
}

export const sponge: Sponge = instantiate()

/** Where things are in {@link memory}. `egress` and `ingress` are relative to a session. */
export const address = {
  source: constant('source'),
  frame: constant('frame'),
  hash: constant('hash'),
  egress: constant('egress'),
  ingress: constant('ingress'),
} as const

/** Bytes at `address.hash`: all that there is of a digest that is being made. */
export const hashBytes: number = constant('hashBytes')

/** Bytes at `address.source`; at `address.frame` there are as many for a body, and the overhead of snappy and framing. */
export const sourceBytes = 65_536

/** @returns the module's memory as it is now; not to be kept, for growth replaces it */
export function memory(): Uint8Array {
  if (view.length === 0) view = new Uint8Array(sponge.memory.buffer)
  return view
}

/** @returns the address of a new session: what sponge.as.ts keeps of it, then {@link extraBytes} of the caller's */
export function allot(): number {
  const session = freed.pop()
  if (session !== undefined) return session
  const start = end
  const missing = start + slotBytes - memory().length
  if (missing > 0) sponge.memory.grow(Math.max(16, Math.ceil(missing / 65_536)))
  end += slotBytes
  return start
}

/** Wipes a session's keys and makes its place free. */
export function release(session: number): void {
  memory().fill(0, session, session + slotBytes)
  freed.push(session)
}

/** Bytes of a session that are the caller's, at {@link extraOf}, a multiple of 16. */
export const extraBytes = 8192
export const extraOf = (session: number): number => session + constant('sessionBytes')

const slotBytes = constant('sessionBytes') + extraBytes
/** BOUNDED: by the sessions that lived at one time. */
const freed: number[] = []
let end = constant('heap')
let view = new Uint8Array(sponge.memory.buffer)

function constant(name: string): number {
  return (sponge as unknown as Record<string, { value: number }>)[name]!.value
}

function instantiate(): Sponge {
  return new WebAssembly.Instance(new WebAssembly.Module(hexToBytes(spongeWasm))).exports as Sponge
}

/** The part of the WebAssembly API used here: the language's own library does not declare it. */
declare const WebAssembly: {
  readonly Module: new (code: Uint8Array) => object
  readonly Instance: new (module: object) => { readonly exports: unknown }
}
