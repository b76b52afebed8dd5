import { ipcClient, type TextClient, wsClient } from '../actors/rpc/rpc-client.ts'
import type { Bystander } from './node.ts'

/** A client of RPC that stays, and asks for the id of the chain. */
export async function goodClient(place: { http: string } | { ws: string } | { ipc: string }): Promise<Bystander> {
  if ('http' in place) return { ask: () => post(place.http), close() {} }
  const client: TextClient = await ('ws' in place ? wsClient(place.ws) : ipcClient(place.ipc))
  return {
    async ask() {
      client.send(question)
      check(await client.next())
    },
    async close() {
      client.close()
      await client.closed
    },
  }
}

const question = '{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":[]}'

async function post(url: string): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  check(await (await fetch(url, { method: 'POST', headers, body: question })).text())
}

/** @throws it is not the answer */
function check(answer: string | undefined): void {
  if (!answer?.includes('"result":"0x')) throw new Error(`no answer but ${answer ?? 'the end of the connection'}`)
}
