import { secp256k1Base64Bytes } from '@bitauth/libauth/build/lib/bin/secp256k1/secp256k1.base64.js'
import { base64ToBin } from '@bitauth/libauth/build/lib/format/base64.js'

// libsecp256k1 as @bitauth/libauth compiles it, started in one step: libauth's own start is a promise, and a module that
// awaits one cannot be had by `require`. One instance for the process, whose buffers are scratch: a caller that fills one uses
// it up before returning, and nothing in here waits.

/** What its functions are called with: addresses. Those that may fail return 1 when they have not. */
type Library = {
  readonly _malloc: (size: number) => number
  readonly _secp256k1_context_create: (flags: number) => number
  readonly _secp256k1_ec_seckey_verify: (context: number, secret: number) => number
  readonly _secp256k1_ec_pubkey_create: (context: number, key: number, secret: number) => number
  readonly _secp256k1_ec_pubkey_parse: (context: number, key: number, from: number, size: number) => number
  readonly _secp256k1_ec_pubkey_serialize: (
    context: number,
    to: number,
    size: number,
    key: number,
    form: number,
  ) => void
  readonly _secp256k1_ec_pubkey_tweak_mul: (context: number, key: number, secret: number) => number
  readonly _secp256k1_ecdsa_sign_recoverable: (context: number, sig: number, hash: number, secret: number) => number
  readonly _secp256k1_ecdsa_recoverable_signature_serialize_compact: (
    context: number,
    to: number,
    recoveryId: number,
    sig: number,
  ) => void
  readonly _secp256k1_ecdsa_recoverable_signature_parse_compact: (
    context: number,
    sig: number,
    from: number,
    recoveryId: number,
  ) => number
  readonly _secp256k1_ecdsa_recover: (context: number, key: number, sig: number, hash: number) => number
  readonly _secp256k1_ecdsa_signature_parse_compact: (context: number, sig: number, from: number) => number
  readonly _secp256k1_ecdsa_verify: (context: number, sig: number, hash: number, key: number) => number
}

// The memory's layout is Emscripten's, as libauth's own start has it: static data, its end, a stack, the heap. It does not grow.
const pages = 256
const staticBase = 1024
const dynamicTop = staticBase + 67_696 + 16
const stackTop = (dynamicTop + 4 + 15) & -16
const stackBytes = 5 * 2 ** 20

export const libsecp256k1: Library & { readonly memory: Uint8Array<ArrayBuffer>; readonly view32: Uint32Array } =
  start()

/** Signs and verifies. */
export const context: number = libsecp256k1._secp256k1_context_create(0x301)

/** Where what a call takes and gives is. */
export const at = {
  /** A private key; wiped after each use. */
  secret: libsecp256k1._malloc(32),
  hash: libsecp256k1._malloc(32),
  /** A public key as in SEC 1, and as the library has it. */
  point: libsecp256k1._malloc(65),
  key: libsecp256k1._malloc(64),
  /** A signature as r ‖ s, and as the library has it. */
  compact: libsecp256k1._malloc(64),
  sig: libsecp256k1._malloc(65),
  /** A whole number of 4 bytes: a recovery id, or the size of what is written. */
  number: libsecp256k1._malloc(4),
} as const

/** As which a public key is written. */
export const compressed = { size: 33, form: 0x102 } as const
export const uncompressed = { size: 65, form: 0x2 } as const

function start(): typeof libsecp256k1 {
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages })
  const view32 = new Uint32Array(memory.buffer)
  view32[dynamicTop >> 2] = stackTop + stackBytes
  const bytes = new Uint8Array(memory.buffer)
  const abort = (): never => {
    throw new Error('libsecp256k1 has aborted')
  }
  const env = {
    ...{ memory, memoryBase: staticBase, DYNAMICTOP_PTR: dynamicTop, STACKTOP: stackTop },
    ...{ table: new WebAssembly.Table({ element: 'anyfunc', initial: 6, maximum: 6 }), tableBase: 0 },
    ...{ abort, _abort: abort, enlargeMemory: abort, abortOnCannotGrowMemory: abort },
    getTotalMemory: () => pages * 65_536,
    ___setErrNo: (value: number) => value,
    _emscripten_memcpy_big: (to: number, from: number, size: number) => {
      bytes.copyWithin(to, from, from + size)
      return to
    },
  }
  const module = new WebAssembly.Module(base64ToBin(secp256k1Base64Bytes))
  const { exports } = new WebAssembly.Instance(module, { env, global: { Infinity, NaN } })
  return { ...(exports as Library), memory: bytes, view32 }
}

/** The part of the WebAssembly API used here: the language's own library does not declare it. */
declare const WebAssembly: {
  readonly Memory: new (pages: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer }
  readonly Table: new (slots: { element: 'anyfunc'; initial: number; maximum: number }) => object
  readonly Module: new (code: Uint8Array) => object
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown }
}
