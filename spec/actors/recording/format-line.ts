import { crc32 } from 'node:zlib'

/** A line of a recording, written as plainly as its format says: what the recorder's lines are held to. */
export function formatLine(object: object): string {
  const text = JSON.stringify(object).slice(0, -1)
  return `${text},"crc":"${crc32(text).toString(16).padStart(8, '0')}"}\n`
}
