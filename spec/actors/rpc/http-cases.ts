import { gunzipSync } from 'node:zlib'
import { token } from '../../support/jwt.ts'
import { exchange, type HttpRequest, httpRequest } from './raw-http.ts'

// What geth 1.17.10 answers over HTTP, odd requests first of all; spec/interop/rpc-http-geth.spec.ts holds it to that.
// For a server whose network is 1, that lets pages of http://a.example in, and serves WebSocket on the port of HTTP.

export type HttpCase = {
  readonly name: string
  /** The port of the engine API. */
  readonly isAuth?: boolean
  /** @param secret 32 bytes, of the tokens */
  readonly request: (secret: Uint8Array) => string | Uint8Array
  readonly status: number
  /** Of those that {@link heldHeaders} names. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** What is compared of an answer's headers; the others are the server's own business. */
const heldHeaders = [
  ...['content-type', 'content-encoding', 'x-content-type-options', 'vary', 'sec-websocket-version'],
  ...['access-control-allow-origin', 'access-control-allow-methods', 'access-control-allow-headers'],
  'access-control-max-age',
] as const

const vary = { vary: 'Origin' }
const json = { 'content-type': 'application/json', ...vary }
const plain = { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' }
const version = '{"jsonrpc":"2.0","id":1,"method":"net_version"}'
const one = '{"jsonrpc":"2.0","id":1,"result":"1"}'
const parseError = '{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"parse error"}}'

type Expected = Pick<HttpCase, 'status' | 'headers' | 'body'>
const answered = (body: string, headers: Record<string, string> = json): Expected => ({ status: 200, headers, body })
const refused = (status: number, text: string, headers: Record<string, string> = vary): Expected => ({
  status,
  headers: { ...plain, ...headers },
  body: `${text}\n`,
})
const ask = (name: string, request: HttpRequest, expected: Expected): HttpCase => ({
  name,
  request: () => httpRequest(request),
  ...expected,
})
/** JSON over POST. */
const posted = (name: string, body: string, answer: string) => ask(name, { body }, answered(answer))
const preflight = (name: string, asked: Record<string, string>, added: Record<string, string>) =>
  ask(
    name,
    { method: 'OPTIONS', type: '', headers: asked },
    answered('', { vary: 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers', ...added }),
  )

const requests: readonly HttpCase[] = [
  posted('a request', version, one),
  posted('an id that is no whole number', version.replace('1,', '1.0,'), one.replace('1,', '1.0,')),
  posted('an id past 2^53', version.replace('1,', '12345678901234567890,'), one.replace('1,', '12345678901234567890,')),
  posted('something behind the request', `${version} garbage`, parseError),
  posted('a second request behind the first', version + version, parseError),
  posted('nothing', '', ''),
  posted('space', '   ', ''),
  posted('space of all kinds', '\t\r\n\v\f \u0085\u00a0\u1680\u2000\u2028\u2029\u202f\u205f\u3000', ''),
  posted('a byte order mark alone', '\ufeff', parseError),
  posted('space around a request', ` \n${version}\t`, one),
  posted('something behind a request and 20,000 spaces', `${version}${' '.repeat(20_000)}x`, parseError),
  posted('half a request', '{"jsonrpc"', parseError),
  posted('no JSON', '{x}', parseError),
  posted('a byte order mark', `\ufeff${version}`, parseError),
  posted('a notification', '{"jsonrpc":"2.0","method":"net_version"}', ''),
  posted('a batch of notifications', '[{"jsonrpc":"2.0","method":"net_version"}]', ''),
  posted('a batch', `[${version},${version}]`, `[${one},${one}]`),
  posted(
    'arrays 9,000 deep',
    version.replace('}', `,"params":${'['.repeat(9_000)}${']'.repeat(9_000)}}`),
    '{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"too many arguments, want at most 0"}}',
  ),
  posted('arrays 100,000 deep', `${'['.repeat(100_000)}${']'.repeat(100_000)}`, parseError),
  posted('an id with half a surrogate pair', version.replace('1,', '"\\ud800",'), one.replace('1,', '"\\ud800",')),
  {
    name: 'a method that is no UTF-8',
    request: () => Buffer.from(httpRequest({ body: version.replace('net_', 'QQQ_') }), 'latin1').map(spoiled),
    ...answered(
      '{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"the method \ufffd\ufffd\ufffd_version does not exist/is not available"}}',
    ),
  },
  ask('a body of GET', { method: 'GET', body: version }, answered(one)),
  ask('a body of PATCH', { method: 'PATCH', body: version }, answered(one)),
  ask('GET, to see whether we are there', { method: 'GET', type: '' }, answered('', vary)),
  ask('GET with a query', { method: 'GET', type: '', path: '/?a=1' }, refused(415, typeRefused())),
  ask('PUT', { method: 'PUT', body: version }, refused(405, 'method not allowed')),
  ask('DELETE', { method: 'DELETE', body: version }, refused(405, 'method not allowed')),
  ask('OPTIONS without what a preflight has', { method: 'OPTIONS', type: '' }, answered('')),
  ask('text', { type: 'text/plain', body: version }, refused(415, typeRefused())),
  ask('no type', { type: '', body: version }, refused(415, typeRefused())),
  ask('a type with a character set', { type: 'application/json; charset=utf-8', body: version }, answered(one)),
  ask('a type in capitals', { type: 'Application/JSON', body: version }, answered(one)),
  ask('a type that is malformed', { type: 'application/json;;', body: version }, refused(415, typeRefused())),
  ask('another type of JSON-RPC', { type: 'application/json-rpc', body: version }, answered(one)),
  ask('another path', { path: '/x', body: version }, { status: 404, headers: {}, body: '' }),
  ask('another host', { host: 'evil.example', body: version }, refused(403, 'invalid host specified', {})),
  ask('this host in capitals', { host: 'LOCALHOST:1', body: version }, answered(one)),
  ask('an address of IPv6', { host: '[::1]:8545', body: version }, answered(one)),
  ask(
    'an address of IPv6 without a port',
    { host: '[::1]', body: version },
    refused(403, 'invalid host specified', {}),
  ),
  ask('an address of IPv6 that is bare', { host: '::1', body: version }, answered(one)),
  ask('this host and a port that is none', { host: 'localhost:x', body: version }, answered(one)),
  ask('a port without a host', { host: ':80', body: version }, refused(403, 'invalid host specified', {})),
  ask('no host', { host: '', body: version }, answered(one)),
  ask(
    'a page that is let in',
    { headers: { origin: 'http://a.example' }, body: version },
    answered(one, { ...json, 'access-control-allow-origin': 'http://a.example' }),
  ),
  ask('a page that is not', { headers: { origin: 'http://b.example' }, body: version }, answered(one)),
  preflight(
    'a preflight',
    {
      origin: 'http://a.example',
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type, x-a',
    },
    {
      'access-control-allow-origin': 'http://a.example',
      'access-control-allow-methods': 'POST',
      'access-control-allow-headers': 'Content-Type, X-A',
      'access-control-max-age': '600',
    },
  ),
  preflight(
    'a preflight of a page that is not let in',
    { origin: 'http://b.example', 'access-control-request-method': 'POST' },
    {},
  ),
  preflight('a preflight for PUT', { origin: 'http://a.example', 'access-control-request-method': 'PUT' }, {}),
  preflight('a preflight without an origin', { 'access-control-request-method': 'POST' }, {}),
  {
    name: 'a body in chunks',
    request: () =>
      httpRequest({ headers: { 'transfer-encoding': 'chunked' } }) +
      `5\r\n${version.slice(0, 5)}\r\n${(version.length - 5).toString(16)}\r\n${version.slice(5)}\r\n0\r\n\r\n`,
    ...answered(one),
  },
  ask(
    'a body that says it is too long',
    { headers: { 'content-length': '5242881' } },
    refused(413, 'content length too large (5242881>5242880)'),
  ),
  {
    name: 'a body in chunks that is too long',
    request: () =>
      `${httpRequest({ headers: { 'transfer-encoding': 'chunked' } })}600000\r\n["${'x'.repeat(0x600000 - 4)}"]\r\n0\r\n\r\n`,
    ...answered(parseError),
  },
  ask(
    'a wish for gzip',
    { headers: { 'accept-encoding': 'gzip' }, body: version },
    answered(one, { ...json, ...zipped() }),
  ),
  ask(
    'a wish for gzip, and text',
    { type: 'text/plain', headers: { 'accept-encoding': 'deflate, gzip' }, body: version },
    refused(415, typeRefused(), { ...vary, ...zipped() }),
  ),
  ask(
    'a wish for HTTP/2',
    { headers: { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c' }, body: version },
    answered(one),
  ),
  ask('a connection that is to close', { body: version, headers: { connection: 'close' } }, answered(one)),
]

const upgrade = (name: string, request: HttpRequest, status: number, text: string, headers: Record<string, string>) =>
  ask(
    name,
    {
      method: 'GET',
      type: '',
      ...request,
      headers: {
        upgrade: 'websocket',
        connection: 'Upgrade',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
        ...request.headers,
      },
    },
    refused(status, text, headers),
  )
const gorilla = { 'sec-websocket-version': '13' }

const upgrades: readonly HttpCase[] = [
  upgrade('a WebSocket on another path', { path: '/x' }, 404, 'not found', {}),
  upgrade(
    'a WebSocket of a page that is not let in',
    { headers: { origin: 'http://b.example' } },
    403,
    'Forbidden',
    gorilla,
  ),
  upgrade(
    'a WebSocket of another version',
    { headers: { 'sec-websocket-version': '12' } },
    400,
    'Bad Request',
    gorilla,
  ),
  upgrade('a WebSocket without a key', { headers: { 'sec-websocket-key': '' } }, 400, 'Bad Request', gorilla),
  upgrade('a WebSocket over POST', { method: 'POST' }, 405, 'Method Not Allowed', gorilla),
]

const capabilities = '{"jsonrpc":"2.0","id":1,"method":"rpc_modules"}'
const authenticated = answered('{"jsonrpc":"2.0","id":1,"result":{"engine":"1.0","eth":"1.0","rpc":"1.0"}}')
const seconds = (after = 0) => Math.floor(Date.now() / 1000) + after
const auth = (name: string, header: (secret: Uint8Array) => string, expected: Expected): HttpCase => ({
  name,
  isAuth: true,
  request: (secret) => httpRequest({ headers: { authorization: header(secret) }, body: capabilities }),
  ...expected,
})
const bearer = (name: string, token: (secret: Uint8Array) => string, why: string) =>
  auth(name, (secret) => `Bearer ${token(secret)}`, refused(401, why, {}))
const claiming = (claims: () => object) => (secret: Uint8Array) => token(secret, claims())

const tokens: readonly HttpCase[] = [
  { ...ask('no token', { body: capabilities }, refused(401, 'missing token', {})), isAuth: true },
  bearer('an empty token', () => '', 'missing token'),
  auth('a token', (secret) => `Bearer ${token(secret, { iat: seconds() })}`, authenticated),
  auth('a token of bearer', (secret) => `bearer ${token(secret, { iat: seconds() })}`, authenticated),
  auth('a token of half a second', (secret) => `Bearer ${token(secret, { iat: seconds() + 0.5 })}`, authenticated),
  auth('a token of IAT', (secret) => `Bearer ${token(secret, { IAT: seconds() })}`, authenticated),
  auth('a token of 50 s ago', (secret) => `Bearer ${token(secret, { iat: seconds(-50) })}`, authenticated),
  auth('a token of in 50 s', (secret) => `Bearer ${token(secret, { iat: seconds(50) })}`, authenticated),
  bearer('a word', () => 'x', 'token contains an invalid number of segments'),
  bearer('three letters', () => 'a.b.c', 'illegal base64 data at input byte 0'),
  bearer(
    'a header that is no JSON',
    () => `${base64('notjson')}.e30.aaaa`,
    "invalid character 'o' in literal null (expecting 'u')",
  ),
  bearer(
    'a header with something behind it',
    () => `${base64('{"alg":"HS256"} x')}.e30.aaaa`,
    "invalid character 'x' after top-level value",
  ),
  auth(
    'claims with something behind them',
    (secret) => `Bearer ${token(secret, `{"iat":${seconds()}} x`)}`,
    authenticated,
  ),
  bearer(
    'claims that are no base64',
    () => `${base64('{"alg":"HS256"}')}.!!!.aaaa`,
    'illegal base64 data at input byte 0',
  ),
  bearer('the token of another secret', () => token(new Uint8Array(32), { iat: seconds() }), 'signature is invalid'),
  bearer('HS512', (secret) => token(secret, { iat: seconds() }, 'HS512', 'sha512'), 'signing method HS512 is invalid'),
  bearer('no signature', () => `${base64('{"alg":"none"}')}.e30.`, 'signing method none is invalid'),
  bearer('an unknown signature', (secret) => token(secret, {}, 'foo'), 'signing method (alg) is unavailable.'),
  bearer('a signature without a name', () => 'e30.e30.aaaa', 'signing method (alg) is unspecified.'),
  bearer(
    'no time',
    claiming(() => ({})),
    'missing issued-at',
  ),
  bearer(
    'a time that is none',
    claiming(() => ({ iat: 'x' })),
    'could not parse NumericData: json: invalid number literal, trying to unmarshal "\\"x\\"" into Number',
  ),
  bearer(
    'a token of two minutes ago',
    claiming(() => ({ iat: seconds(-120) })),
    'stale token',
  ),
  bearer(
    'a token of in two minutes',
    claiming(() => ({ iat: seconds(120) })),
    'future token',
  ),
  bearer(
    'a token that has ended',
    claiming(() => ({ iat: seconds(), exp: seconds(-5) })),
    'token is expired',
  ),
  { ...upgrade('a WebSocket without a token', {}, 401, 'missing token', {}), isAuth: true },
]

export const httpCases: readonly HttpCase[] = [...requests, ...upgrades, ...tokens]

/** What came of a case, as it is compared. @param url of HTTP, or of the engine API */
export async function outcome({ isAuth, request }: HttpCase, url: (isAuth: boolean) => string, secret: Uint8Array) {
  const { status, headers, body } = await exchange(Number(new URL(url(isAuth ?? false)).port), request(secret))
  const held = Object.fromEntries(heldHeaders.flatMap((name) => (name in headers ? [[name, headers[name]!]] : [])))
  const text = held['content-encoding'] === 'gzip' ? gunzipSync(body).toString() : body.toString()
  return { status, headers: held, body: text }
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64url')
}

function spoiled(byte: number): number {
  return byte === 'Q'.charCodeAt(0) ? 0xff : byte
}

function typeRefused(): string {
  return 'invalid content type, only application/json is supported'
}

function zipped() {
  return { 'content-encoding': 'gzip' }
}
