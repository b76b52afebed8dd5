import { crc32 } from 'node:zlib'

// A line of a recording as text: its JSON object, whose last field is the CRC-32 of all that stands before it.

/** @returns the line that says `value`, with its end */
export function lineText(value: object): string {
  const text = JSON.stringify(value).slice(0, -1)
  return `${text},"crc":"${checksum(text)}"}\n`
}

/**
 * @param line without its end
 * @throws {LineError}
 */
export function parseLine(line: string): object {
  const [, text, crc] = /^(\{.*),"crc":"([0-9a-f]{8})"\}$/s.exec(line) ?? []
  if (text === undefined) throw new LineError('it is no line of a recording')
  if (checksum(text) !== crc) throw new LineError('it was changed: its checksum does not fit')
  return JSON.parse(`${text}}`)
}

const checksum = (text: string) => crc32(text).toString(16).padStart(8, '0')

/** A line is damaged, or was never one. */
export class LineError extends Error {
  override readonly name = 'LineError'
}
