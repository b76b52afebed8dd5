import { once } from 'node:events'
import type { LogStream } from '../log/log.ts'

/** @returns what writes to `stream`, and gives a promise of room when it has none left: of none when its reader is gone */
export function lineWriter(stream: LogStream): (line: string) => Promise<void> | undefined {
  return (line) => {
    const hasRoom = stream.write(line) !== false
    return hasRoom || !isEmitter(stream) ? undefined : once(stream, 'drain').then(ignore, ignore)
  }
}

const ignore = () => {}
const isEmitter = (stream: LogStream): stream is LogStream & NodeJS.WritableStream => 'once' in stream
