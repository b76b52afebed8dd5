import { CaptureDecoder, type CaptureEntry } from '../../../actors/keylog/decode-capture.ts'
import type { SessionKeys } from '../../../protocols/rlpx/key-log.ts'

export function* decodeCapture(file: Uint8Array, keyLog: ReadonlyMap<string, SessionKeys>): Generator<CaptureEntry> {
  const decoder = new CaptureDecoder(keyLog)
  try {
    yield* decoder.push(file)
    yield* decoder.end()
  } finally {
    decoder.close()
  }
}
