import { createRequire } from 'node:module'
import { type NativeSecp256k1, useNative } from '../../protocols/lib/secp256k1.ts'

// libsecp256k1 as machine code, three times as fast as WebAssembly, where npm's package has it prebuilt: Linux on x64, macOS on
// arm64, Windows. Never that package's own way out, which is another library.

/** undefined where there is none. */
export const nativeSecp256k1: NativeSecp256k1 | undefined = load()

useNative(nativeSecp256k1)

function load(): NativeSecp256k1 | undefined {
  try {
    return createRequire(import.meta.url)('secp256k1/bindings.js') as NativeSecp256k1
  } catch {
    return undefined
  }
}
