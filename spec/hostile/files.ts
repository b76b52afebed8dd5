import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { recordingFormat, recordingVersion } from '../../actors/trace/lines.ts'

// Files that no program of ours wrote, for whatever reads them.

const deep = (open: string, close: string, depth = 20_000) => `${open.repeat(depth)}1${close.repeat(depth)}`
const lists = deep('[', ']')
const objects = deep('{"a":', '}')

/** A line of a recording with the checksum that it should have. */
const sealed = (text: string) => `${text},"crc":"${crc32(text).toString(16).padStart(8, '0')}"}\n`
const heading = sealed(
  `{"format":"${recordingFormat}","version":${recordingVersion},"client":"c","startedAt":"2026-01-01T00:00:00.000Z"`,
)

export const hostileFiles: Readonly<Record<string, string | Uint8Array>> = {
  'an empty file': '',
  zeros: new Uint8Array(4_096),
  'bytes that are no text': Uint8Array.from({ length: 4_096 }, (_, i) => (i * 167) & 0xff),
  'lists in a list, 20,000 deep': lists,
  'objects in an object, 20,000 deep': objects,
  'a genesis whose fields nest': `{"config":{"chainId":${lists}},"difficulty":${objects},"alloc":{"0x00":{"balance":${lists}}}}`,
  'a genesis of one long text': `{"config":{"chainId":1},"extraData":"${'a'.repeat(12_000_000)}"}`,
  'a text of escapes': `"${'\\n'.repeat(2_000_000)}"`,
  'a line without an end': 'x'.repeat(1_000_000),
  'a recording whose version nests': sealed(`{"format":"${recordingFormat}","version":${lists}`),
  'a recording of a line whose type nests': `${heading}${sealed(`{"seq":1,"at":0,"type":${lists},"actor":"a"`)}`,
  'a recording of data that nest': `${heading}${sealed(
    `{"seq":1,"at":0,"type":"transition","actor":"a","chart":"peer","event":"e","data":{"a":${lists}},"from":"","to":"","effects":[],"edges":[]`,
  )}`,
  'a configuration that nests': `a = ${deep('[', ']', 2_000)}\n`,
  'a key that is too long': 'ab'.repeat(100_000),
  'a hash of its own': createHash('sha256').digest('hex'),
}
