// What geth 1.17.10 answers to requests that are none, or wrong; spec/interop/rpc-dispatcher-geth.spec.ts holds it to that.

type Case = { readonly request: string; readonly answer: unknown }

/** The cases are for a server that takes so much in one batch. */
export const batchLimits = { batchItems: 3, batchResponseBytes: 200 } as const

const failed = (id: unknown, code: number, message: string) => ({ jsonrpc: '2.0', id, error: { code, message } })
const invalid = (id: unknown) => failed(id, -32600, 'invalid request')
const wrong = (id: unknown, message: string) => failed(id, -32602, message)
const missing = (method: string) => failed(1, -32601, `the method ${method} does not exist/is not available`)
const tooLong = (length: number) => failed(1, -32600, `method name too long: ${length} > 2048`)
const call = (method: string, params?: unknown) => JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
const chainId = '{"jsonrpc":"2.0","id":7,"method":"eth_chainId"}'

export const malformedRequests: readonly Case[] = [
  { request: '{', answer: failed(null, -32700, 'parse error') },
  { request: '"x"', answer: invalid(null) },
  { request: 'null', answer: invalid(null) },
  { request: '[]', answer: failed(null, -32600, 'empty batch') },
  { request: '{"jsonrpc":"2.0","id":1}', answer: invalid(1) },
  { request: '{"id":1,"method":"eth_chainId"}', answer: invalid(1) },
  { request: '{"jsonrpc":"2.0","id":1,"method":5}', answer: invalid(1) },
  { request: call(''), answer: invalid(1) },
  { request: call('x'.repeat(2_048)), answer: missing('x'.repeat(2_048)) },
  { request: call('x'.repeat(2_049)), answer: tooLong(2_049) },
  { request: call('é'.repeat(1_025)), answer: tooLong(2_050) },
  { request: call(`${'x'.repeat(2_048)}_subscribe`), answer: tooLong(2_058) },
  { request: '{"jsonrpc":"2.0","method":""}', answer: invalid(null) },
  { request: '{"jsonrpc":"2.0","id":{"a":1},"method":"eth_chainId"}', answer: invalid(null) },
  { request: '{"jsonrpc":"2.0","id":[1],"method":"eth_chainId"}', answer: invalid(null) },
  { request: '{"jsonrpc":"2.0","method":"eth_chainId"}', answer: undefined },
  { request: '{"jsonrpc":"2.0","id":1,"result":3}', answer: undefined },
  { request: '{"jsonrpc":"2.0","id":1,"error":null,"method":""}', answer: undefined },
  { request: '{"id":1,"result":3}', answer: invalid(1) },
  { request: '{"jsonrpc":"2.0","id":{},"result":3}', answer: invalid(null) },
  { request: '{"jsonrpc":"2.0","id":1,"result":3,"params":[]}', answer: invalid(1) },
  // geth 1.17.5 knew these names in any case.
  { request: '{"jsonrpc":"2.0","Id":1,"Method":"eth_foo"}', answer: invalid(null) },
  { request: '{"jsonrpc":"2.0","id":1,"method":"eth_foo","Params":5}', answer: missing('eth_foo') },
  { request: '{"jsonrpc":"2.0","id":1,"Result":3}', answer: invalid(1) },
  { request: call('eth_foo'), answer: missing('eth_foo') },
  { request: call('foo'), answer: missing('foo') },
  { request: call('eth_chainId', [1]), answer: wrong(1, 'too many arguments, want at most 0') },
  { request: call('eth_getBlockByNumber'), answer: wrong(1, 'missing value for required argument 0') },
  { request: call('eth_getBlockByNumber', ['0x1']), answer: wrong(1, 'missing value for required argument 1') },
  { request: call('eth_getBlockByNumber', ['0x1', true, 3]), answer: wrong(1, 'too many arguments, want at most 2') },
  { request: call('eth_getBlockByNumber', [null, 'x']), answer: wrong(1, 'missing value for required argument 0') },
  { request: call('eth_getBlockByNumber', ['0x1', null]), answer: wrong(1, 'missing value for required argument 1') },
  {
    request: call('eth_getBlockByNumber', ['0x1', null, 3]),
    answer: wrong(1, 'missing value for required argument 1'),
  },
  { request: call('foo_unsubscribe', [null]), answer: wrong(1, 'missing value for required argument 0') },
  { request: call('eth_getBlockByNumber', { a: 1 }), answer: wrong(1, 'non-array args') },
  { request: call('foo_subscribe', ['x']), answer: failed(1, -32601, 'notifications not supported') },
  { request: call('foo_unsubscribe', ['0x1']), answer: failed(1, -32000, 'subscription not found') },
  { request: `[${call('eth_foo')},5]`, answer: [missing('eth_foo'), invalid(null)] },
  { request: `[1,${chainId},${chainId},${chainId}]`, answer: [failed(7, -32600, 'batch too large')] },
]
