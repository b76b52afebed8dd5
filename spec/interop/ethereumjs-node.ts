import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { Server } from 'node:net'
import { createCommonFromGethGenesis } from '@ethereumjs/common'
import { ETH, EthMessageCodes, type Peer, RLPx } from '@ethereumjs/devp2p'
import { RLP } from '@ethereumjs/rlp'
import type { NewBlock } from '../../actors/chain/chain-reader.ts'
import { devGenesis, devGenesisJson } from '../../actors/chain/dev-genesis.ts'
import { formatEnode, parseEnode } from '../../protocols/enode/enode.ts'
import { bytesToHex, equalBytes } from '../../protocols/lib/bytes.ts'
import { toUint } from '../../protocols/lib/rlp.ts'
import { makeBlocks } from '../actors/chain/make-chain.ts'

/** @ethereumjs/devp2p at eth/68 with `count` blocks of the dev chain, which it serves. */
export class EthereumjsNode {
  readonly blocks: readonly NewBlock[]
  readonly #rlpx: RLPx

  constructor(count: number) {
    const { header } = devGenesis()
    this.blocks = [{ header, body: devGenesis().body }, ...makeBlocks(devGenesis(), header, count)]
    const common = createCommonFromGethGenesis(devGenesisJson as never, { chain: 'dev', genesisHash: header.hash })
    this.#rlpx = new RLPx(new Uint8Array(randomBytes(32)), {
      capabilities: [ETH.eth68],
      common,
      maxPeers: 10,
      listenPort: null,
    })
    this.#rlpx.events.on('error', () => {}) // a connection's end is an error to it
    this.#rlpx.events.on('peer:error', () => {})
    this.#rlpx.events.on('peer:added', (peer) => this.#serve(ethOf(peer)))
  }

  /** @returns its enode, once it listens */
  async listen(): Promise<string> {
    this.#rlpx.listen(0, '127.0.0.1')
    const { _server: server } = this.#rlpx as unknown as { _server: Server }
    if (!server.listening) await once(server, 'listening')
    const { port } = server.address() as { port: number }
    return formatEnode({ publicKey: this.#rlpx.id, host: '127.0.0.1', tcp: port, udp: port })
  }

  dial(enode: string): Promise<void> {
    const { publicKey, host, tcp } = parseEnode(enode)
    return this.#rlpx.connect({ id: publicKey, address: host!, tcpPort: tcp, udpPort: tcp })
  }

  /** @returns its next session, once both Statuses are exchanged */
  session(): Promise<ETH> {
    return new Promise((resolve) => {
      this.#rlpx.events.once('peer:added', (peer) => ethOf(peer).events.once('status', () => resolve(ethOf(peer))))
    })
  }

  close(): void {
    this.#rlpx.destroy()
  }

  #serve(eth: ETH): void {
    const { hash } = this.blocks.at(-1)!.header
    eth.events.on('message', (code, payload) => {
      const [id, query] = payload as [Uint8Array, Uint8Array[]]
      if (code === EthMessageCodes.GET_BLOCK_HEADERS)
        eth.sendMessage(EthMessageCodes.BLOCK_HEADERS, [id, this.#headers(query)])
      if (code === EthMessageCodes.GET_BLOCK_BODIES)
        eth.sendMessage(EthMessageCodes.BLOCK_BODIES, [id, this.#bodies(query)])
    })
    eth.sendStatus({ td: Uint8Array.of(1), bestHash: hash, genesisHash: this.blocks[0]!.header.hash })
  }

  #headers([origin, amount, skip, reverse]: Uint8Array[]): Uint8Array[][] {
    const first = this.blocks.findIndex(({ header }) =>
      origin!.length === 32 ? equalBytes(header.hash, origin!) : header.number === toUint(origin!),
    )
    if (first < 0) return []
    const step = (Number(toUint(skip!)) + 1) * (reverse!.length > 0 ? -1 : 1)
    const numbers = Array.from({ length: Number(toUint(amount!)) }, (_, i) => first + i * step)
    return numbers
      .flatMap((number) => this.blocks[number] ?? [])
      .map(({ header }) => RLP.decode(header.raw) as Uint8Array[])
  }

  #bodies(hashes: Uint8Array[]): Uint8Array[][] {
    const bodies = new Map(this.blocks.map(({ header, body }) => [bytesToHex(header.hash), body]))
    return hashes.flatMap((hash) => bodies.get(bytesToHex(hash)) ?? []).map((body) => RLP.decode(body) as Uint8Array[])
  }
}

const ethOf = (peer: Peer) => peer.getProtocols()[0] as ETH
