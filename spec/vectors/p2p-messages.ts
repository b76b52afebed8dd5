// Base protocol payloads as geth 1.17 writes and reads them.

export const helloVector = `f8560583782f31cdc58365746845c684736e61700180b840${'aa'.repeat(64)}`

/** What an encoder writes. */
export const disconnectVectors: readonly (readonly [reason: number, payload: string])[] = [
  [0x00, 'c180'],
  [0x08, 'c108'],
  [0x10, 'c110'],
  [0xff, 'c281ff'],
]

/** What a decoder makes of anything. */
export const disconnectReadings: readonly (readonly [what: string, payload: string, reason: number])[] = [
  ['a list', 'c108', 0x08],
  ['a bare byte', '08', 0x08],
  ['a bare zero', '80', 0x00],
  ['a bare integer of two bytes of RLP', '81ff', 0xff],
  ['a bare byte 0x00', '00', 0xff],
  ['a list with more items', 'c308c0c0', 0x08],
  ['a list and bytes after it', 'c108ffff', 0x08],
  ['an empty list', 'c0', 0xff],
  ['nothing', '', 0xff],
  ['256', 'c3820100', 0xff],
  ['a bare 256', '820100', 0xff],
  ['a leading zero', 'c100', 0xff],
  ['a leading zero in a string', 'c3820008', 0xff],
  ['a single byte with a prefix', 'c28108', 0xff],
  ['a list in a list', 'c2c108', 0xff],
  ['a string beyond its list', 'c281', 0xff],
  ['a list without its content', 'c1', 0xff],
  ['a list of 100 bytes in all', `f86208${'00'.repeat(97)}`, 0x08],
  ['a list of 101 bytes in all', `f86308${'00'.repeat(98)}`, 0xff],
  ['a reason that no one knows', 'c130', 0x30],
]
