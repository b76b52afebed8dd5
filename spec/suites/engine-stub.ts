import { createHmac, timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { text } from 'node:stream/consumers'

/**
 * An engine API for one who has none: it takes a forkchoiceUpdated from who knows the secret, says that the head is valid,
 * and tells nobody. The suites want such an endpoint to be there and look at nothing that it answers.
 */
export class EngineStub {
  readonly url: string
  readonly #server: Server

  private constructor(server: Server) {
    this.#server = server
    this.url = `http://127.0.0.1:${(server.address() as { port: number }).port}`
  }

  /** @param secret 32 bytes */
  static async open(secret: Uint8Array): Promise<EngineStub> {
    const server = createServer(async (request, response) => {
      const { status, body } = await answer(request, secret)
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new EngineStub(server)
  }

  close(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }
}

async function answer(request: IncomingMessage, secret: Uint8Array): Promise<{ status: number; body: unknown }> {
  const body = await text(request)
  if (!isSigned(request.headers.authorization, secret)) return { status: 401, body: { error: 'no valid token' } }
  const call = parse(body)
  if (!call?.method?.startsWith('engine_forkchoiceUpdated'))
    return {
      status: 200,
      body: { jsonrpc: '2.0', id: call?.id ?? null, error: { code: -32601, message: 'method not found' } },
    }
  const payloadStatus = { status: 'VALID', latestValidHash: call.params?.[0]?.headBlockHash, validationError: null }
  return { status: 200, body: { jsonrpc: '2.0', id: call.id, result: { payloadStatus, payloadId: null } } }
}

/** HS256, issued within a minute of now, as the engine API's authentication has it. */
function isSigned(authorization: string | undefined, secret: Uint8Array): boolean {
  const [, header = '', claims = '', signature = ''] =
    /^Bearer ([^.]+)\.([^.]+)\.([^.]+)$/.exec(authorization ?? '') ?? []
  const wanted = createHmac('sha256', secret).update(`${header}.${claims}`).digest()
  const got = Buffer.from(signature, 'base64url')
  if (got.length !== wanted.length || !timingSafeEqual(got, wanted)) return false
  const { iat } = parse(Buffer.from(claims, 'base64url').toString()) ?? {}
  return Math.abs(Date.now() / 1000 - Number(iat)) <= 60
}

function parse(
  json: string,
): { id?: unknown; method?: string; params?: { headBlockHash: string }[]; iat?: unknown } | undefined {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}
