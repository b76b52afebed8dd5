import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'

// Servers that answer what no node's does.

const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`
/** @returns an answer to every call alike */
const always = (result: string) => () => `{"jsonrpc":"2.0","id":1,"result":${result}}`

/** What it answers to a method, as text. */
export const hostileRpcs: Readonly<Record<string, (method: string) => string>> = {
  'null for everything': always('null'),
  'a number for everything': always('7'),
  'a text for everything': always('"\\u001b[2J\\u0007"'),
  'an object of nothing': always('{}'),
  'a list of nulls': always('[null]'),
  'lists in a list, 20,000 deep': always(deep),
  'an answer that is no object': () => '7',
  'an answer that is null': () => 'null',
  'a list in the place of an answer': () => '[1]',
  'an error that is a text': () => '{"jsonrpc":"2.0","id":1,"error":"no"}',
  'an error of odd parts': () => `{"jsonrpc":"2.0","id":1,"error":{"code":[[]],"message":"no","data":${deep}}}`,
  'no JSON': () => '<html>',
  'a node without a head': (method) =>
    always(
      method === 'net_version' ? '"1"' : method === 'eth_getBlockByNumber' ? 'null' : '{"current":{},"next":null}',
    )(),
  'a block of odd numbers': (method) =>
    always(
      method === 'net_version'
        ? '"1"'
        : method === 'eth_getBlockByNumber'
          ? '{"hash":"0x12","number":"0xfffffffffffffffffffffffff"}'
          : '{"current":{"forkId":"zz"},"next":{"activationTime":1e300}}',
    )(),
}

/** What an inspector says to a question, whose id it is given. */
export const hostileInspectors: Readonly<Record<string, (id: number) => string>> = {
  'an inspector of no JSON': () => 'no',
  'an inspector of null': () => 'null',
  'an inspector that answers nothing of use': (id) => `{"push":"picture","id":${id}}`,
  'an inspector of odd peers': (id) => `{"push":"picture","id":${id},"picture":{"peers":[null]}}`,
  'an inspector of another question': (id) => `{"push":"why","id":${id},"why":null}`,
  'an inspector of an unknown word': (id) => `{"push":"__proto__","id":${id}}`,
  'an inspector 20,000 deep': (id) => `{"push":"picture","id":${id},"picture":${deep}}`,
  'an inspector that errs in no text': (id) => `{"push":"error","id":${id},"error":${deep}}`,
}

async function serve(listener: RequestListener) {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const close = async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  return { server, url, [Symbol.asyncDispose]: close }
}

export function rpc(answer: (method: string) => string) {
  return serve(async (req, res) => {
    let body = ''
    for await (const chunk of req) body += chunk
    res.end(answer(JSON.parse(body).method))
  })
}

export async function inspector(answer: (id: number) => string) {
  const served = await serve((_, res) => res.end())
  const sockets = new WebSocketServer({ server: served.server })
  sockets.on('connection', (socket: WebSocket) => {
    socket.on('message', (data) => socket.send(answer(JSON.parse(String(data)).id)))
  })
  return {
    url: served.url,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets.clients) socket.terminate()
      await served[Symbol.asyncDispose]()
    },
  }
}
