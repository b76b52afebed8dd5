// What geth 1.17.10 answers to one text over WebSocket; spec/interop/rpc-http-geth.spec.ts holds it to that.

export type StreamCase = {
  readonly text: string
  /** Undefined for none. */
  readonly answer?: string
  readonly hangsUp?: boolean
}

const one = '{"jsonrpc":"2.0","id":1,"result":"1"}'
const failed = (code: number, message: string, id = '1') =>
  `{"jsonrpc":"2.0","id":${id},"error":{"code":${code},"message":${JSON.stringify(message)}}}`
const broken = (text: string, where: string) => unread(text, `invalid character ${where}`)
const cut = (text: string) => unread(text, 'unexpected end of JSON input')
const unread = (text: string, why: string): StreamCase => ({
  text,
  answer: failed(-32700, why, 'null'),
  hangsUp: true,
})
const refused = (method: string, params: unknown, code: number, message: string): StreamCase => ({
  text: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  answer: failed(code, message),
})
const invalid = failed(-32600, 'invalid request', 'null')
const version = '{"jsonrpc":"2.0","id":1,"method":"net_version"}'

export const streamCases: readonly StreamCase[] = [
  { text: version, answer: one },
  { text: '{"jsonrpc":"2.0","method":"net_version"}' },
  { text: '{"jsonrpc":"2.0","id":1,"result":1}' },
  { text: '{"jsonrpc":"2.0","method":"eth_subscribe","params":["newHeads"]}' },
  { text: '5', answer: invalid },
  { text: 'null', answer: invalid },
  { text: '[5]', answer: `[${invalid}]` },
  { text: '[]', answer: failed(-32600, 'empty batch', 'null') },
  { text: ` ${version} \n`, answer: one },
  broken(`${version} x`, "'x' after top-level value"),
  broken(version + version, "'{' after top-level value"),
  broken(`${version}\0`, "'\\x00' after top-level value"),
  broken(`[${version}]]`, "']' after top-level value"),
  broken('01', "'1' after top-level value"),
  broken('null null', "'n' after top-level value"),
  broken(`${' '.repeat(30_000)}5 x`, "'x' after top-level value"),
  cut(''),
  cut('   '),
  cut('{"jsonrpc"'),
  cut('[1,'),
  cut('"ab'),
  cut('"'.padEnd(30_000, 'x')),
  broken('nul', "' ' in literal null (expecting 'l')"),
  broken('-', "' ' in numeric literal"),
  broken('"\\u00', "' ' in \\u hexadecimal character escape"),
  broken('{x}', "'x' looking for beginning of object key string"),
  broken('{"a" 1}', "'1' after object key"),
  broken('{"a":1 2}', "'2' after object key:value pair"),
  broken('{"a":1,}', "'}' looking for beginning of object key string"),
  broken('[1 2]', "'2' after array element"),
  broken('}', "'}' looking for beginning of value"),
  broken('nul ', "' ' in literal null (expecting 'l')"),
  broken('tru}', "'}' in literal true (expecting 'e')"),
  broken('"\\x"', "'x' in string escape code"),
  broken('"\\u00g0"', "'g' in \\u hexadecimal character escape"),
  broken('"a\nb"', "'\\n' in string literal"),
  broken('"\u0001"', "'\\x01' in string literal"),
  broken('-x', "'x' in numeric literal"),
  broken('1.x', "'x' after decimal point in numeric literal"),
  broken('1ex', "'x' in exponent of numeric literal"),
  broken('\ufeff1', "'ï' looking for beginning of value"),
  broken("'", "'\\'' looking for beginning of value"),
  broken('['.repeat(10_001), "'[' exceeded max depth"),
  refused('eth_subscribe', undefined, -32602, 'non-array args'),
  refused('eth_subscribe', {}, -32602, 'non-array args'),
  refused('eth_subscribe', [5], -32602, 'expected subscription name as first argument'),
  refused('eth_subscribe', [], -32602, 'expected subscription name as first argument'),
  refused('eth_subscribe', ['foo'], -32601, 'no "foo" subscription in eth namespace'),
  refused('eth_subscribe', ['newHeads', 1], -32602, 'too many arguments, want at most 1'),
  refused('foo_subscribe', ['x'], -32601, 'no "x" subscription in foo namespace'),
  refused('eth_unsubscribe', ['0x1'], -32000, 'subscription not found'),
  refused('eth_unsubscribe', [], -32602, 'missing value for required argument 0'),
  refused(
    'eth_unsubscribe',
    [5],
    -32602,
    'invalid argument 0: json: cannot unmarshal number into Go value of type rpc.ID',
  ),
  refused('foo_unsubscribe', ['0x1'], -32000, 'subscription not found'),
]

/** Whether it is the same over IPC, where nothing ends but values. */
export function isWhole({ text, answer }: StreamCase): boolean {
  return !answer?.includes('unexpected end') && !answer?.includes('after top-level value') && !cutInside.has(text)
}

const cutInside = new Set(['nul', '-', '"\\u00'])
