import { expect } from 'chai'
import { devGenesis } from '../../../actors/chain/dev-genesis.ts'
import { runCli } from '../../../actors/cli/program.ts'
import { listen } from '../../../actors/scripted-peer/listen.ts'
import type { ScriptedPeer } from '../../../actors/scripted-peer/scripted-peer.ts'
import {
  decodeHeader,
  encodeHeader,
  type Header,
  type HeaderFields,
  headerFieldNames,
} from '../../../protocols/chain/header.ts'
import { bytesToHex } from '../../../protocols/lib/bytes.ts'
import { encodeRlp } from '../../../protocols/lib/rlp.ts'
import { publicKeyOf } from '../../../protocols/lib/secp256k1.ts'
import { startOwnNode } from '../../support/own-node.ts'
import { addressOf, ranged, State } from '../chain/state.ts'
import { ScriptedIo } from './scripted-io.ts'

const hex = (bytes: Uint8Array) => `0x${bytesToHex(bytes)}`

async function peerchart(...args: string[]) {
  const io = new ScriptedIo()
  const exit = await runCli(args, io)
  return { exit, out: io.out, err: io.err }
}

describe('peerchart account', () => {
  let state: State
  let header: Header
  before(async () => {
    state = await State.of(20)
    const genesis = devGenesis().header
    const fields = Object.fromEntries(headerFieldNames.map((name) => [name, genesis[name]])) as HeaderFields
    header = decodeHeader(encodeHeader({ ...fields, stateRoot: state.root, number: 7n }))
  })

  type Play = { readonly caps?: readonly string[]; readonly headers?: number }
  /** Asks a peer at block 7 that does as `script` says after it has given so many headers. */
  async function against(
    script: (peer: ScriptedPeer) => unknown,
    args: readonly string[],
    { caps = ['eth/69', 'eth/72', 'snap/1'], headers = 2 }: Play = {},
  ) {
    const range = { earliest: 0n, latest: 7n, latestHash: header.hash }
    const forkId = { hash: Uint8Array.of(1, 2, 3, 4), next: 0n }
    const status = { networkId: 5n, genesis: header.parentHash, forkId, range }
    await using listener = await listen({ status, caps })
    await using peer = listener.accept()
    const playing = (async () => {
      for (let i = 0; i < headers; i++) {
        const { id } = await peer.expect('GetBlockHeaders')
        peer.send('BlockHeaders', { id, headers: [header.raw] })
      }
      await script(peer)
    })()
    const run = peerchart('account', listener.enode, ...args, '--timeout', '300ms')
    const [reported] = await Promise.all([run, playing])
    return reported
  }
  /** An honest one. */
  const serve = async (peer: ScriptedPeer) => {
    const { id, root, origin, limit } = await peer.expect('GetAccountRange')
    expect([root, limit]).to.deep.equal([state.root, origin])
    const found = state.accounts.find(({ hash }) => hex(hash) === hex(origin)) ?? state.next(origin)
    const proof = await state.prove(origin, ...(found ? [found.hash] : []))
    peer.send('AccountRange', { id, accounts: found ? [ranged(found)] : [], proof })
  }
  const address = hex(addressOf(3))
  const absent = hex(addressOf(200))

  it('prints an account that it has proved', async () => {
    const { exit, out, err } = await against(serve, [address])
    expect({ exit, err }).to.deep.equal({ exit: 0, err: '' })
    expect(out.split('\n')).to.deep.equal([
      `7 ${hex(header.hash)} ${new Date(Number(header.time) * 1000).toISOString()}: account ${address}`,
      '  nonce         3',
      '  balance       1000000000000000003 wei, 1.000000000000000003 ether',
      '  code hash     0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470, no code',
      '  storage root  0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421, no storage',
      '',
    ])
  })
  it("prints JSON with the names of geth's eth_getProof", async () => {
    const { out } = await against(serve, [address, '--block', '7', '--json'])
    expect(JSON.parse(out)).to.deep.equal({
      blockNumber: '0x7',
      blockHash: hex(header.hash),
      address,
      exists: true,
      nonce: '0x3',
      balance: '0xde0b6b3a7640003',
      codeHash: '0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470',
      storageHash: '0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421',
    })
  })
  it('says that there is no account, once that is proved', async () => {
    const { exit, out, err } = await against(serve, [absent])
    expect({ exit, err }).to.deep.equal({ exit: 0, err: '' })
    expect(out).to.match(new RegExp(`^7 0x\\S+ \\S+: no account ${absent}, as the node proves\n$`))
    const { out: json } = await against(serve, [absent, '--json'])
    expect(JSON.parse(json)).to.include({ exists: false, nonce: '0x0', balance: '0x0' })
  })
  it('asks over snap/2 just so', async () => {
    expect(await against(serve, [address], { caps: ['eth/69', 'snap/2'] })).to.include({ exit: 0, err: '' })
  })

  const refused = ({ exit, out, err }: { exit: number; out: string; err: string }, code: number, cause: RegExp) => {
    expect(err)
      .to.match(/^error: [^\n]+\n$/)
      .and.match(cause)
    expect({ exit, out }).to.deep.equal({ exit: code, out: '' })
  }
  const answer = (accounts: () => Uint8Array[], proof: () => Uint8Array[] | Promise<Uint8Array[]>) =>
    async function lie(peer: ScriptedPeer) {
      const { id } = await peer.expect('GetAccountRange')
      peer.send('AccountRange', { id, accounts: accounts(), proof: await proof() })
    }
  const asked = () => state.accounts[3]!
  const other = () => state.next(asked().hash) ?? state.accounts[4]!

  it('refuses an account without a proof', async () =>
    refused(
      await against(
        answer(
          () => [ranged(asked())],
          () => [],
        ),
        [address],
      ),
      10,
      /wrong proof: it does not lead from the state root to the account; ask for another, or another node/,
    ))
  it('refuses a proof of another state', async () =>
    refused(
      await against(
        answer(
          () => [ranged(asked())],
          async () => (await State.of(5)).prove(asked().hash),
        ),
        [address],
      ),
      10,
      /wrong proof: it does not lead/,
    ))
  it('refuses an account that is not as its proof says', async () =>
    refused(
      await against(
        answer(
          () => [ranged({ ...asked(), account: { ...asked().account, nonce: 9n } })],
          () => state.prove(asked().hash),
        ),
        [address],
      ),
      10,
      /wrong proof: the account in it is not the one in the answer/,
    ))
  it('refuses another account than it asked for', async () =>
    refused(
      await against(
        answer(
          () => [ranged(other())],
          () => state.prove(asked().hash, other().hash),
        ),
        [address],
      ),
      10,
      /wrong proof: it gave another account than was asked for/,
    ))
  it('refuses more than it asked for', async () =>
    refused(
      await against(
        answer(
          () => [ranged(asked()), ranged(other())],
          () => state.prove(asked().hash, other().hash),
        ),
        [address],
      ),
      10,
      /wrong proof: it gave 2 accounts where one was asked for/,
    ))
  it('refuses an answer that is malformed, as a message and in its items', async () => {
    const garble = async (peer: ScriptedPeer) => {
      await peer.expect('GetAccountRange')
      peer.raw({ code: 'AccountRange', payload: encodeRlp([1]), compressed: true })
    }
    refused(await against(garble, [address]), 10, /what the node gave is malformed: invalid message: \(code 1\)/)
    const items = answer(
      () => [encodeRlp([1])],
      () => [],
    )
    refused(await against(items, [address]), 10, /what the node gave is malformed: item 0/)
  })
  it('says that the node does not have the state', async () => {
    const nothing = answer(
      () => [],
      () => [],
    )
    refused(await against(nothing, [address]), 10, /the node does not have the state of block 7/)
  })
  it('says that the node does not have the block', async () => {
    const none = async (peer: ScriptedPeer) =>
      peer.send('BlockHeaders', { id: (await peer.expect('GetBlockHeaders')).id, headers: [] })
    refused(await against(none, [address, '--block', '99'], { headers: 1 }), 10, /the node has no block 99/)
  })
  it('says that no answer came', async () =>
    refused(await against(() => {}, [address]), 4, /no answer to GetAccountRange came within 300 ms/))
  it('says that the node hung up', async () => {
    const leave = async (peer: ScriptedPeer) => {
      await peer.expect('GetAccountRange')
      peer.send('Disconnect', { reason: 'SubprotocolError' })
      peer.close()
    }
    refused(await against(leave, [address]), 9, /it sent Disconnect 0x10, subprotocol error/)
  })
  it('says that the node does not speak snap, as ours does not', async () => {
    const node = await startOwnNode({ blocks: 1 })
    try {
      refused(
        await peerchart('account', node.enode, address),
        5,
        /it does not speak snap, .*: it offers eth\/68 .*eth\/72; name a node that speaks snap\/1/,
      )
    } finally {
      await node.stop()
    }
  })
  it('takes an address with its checksum, and none with a wrong one', async () => {
    const checked = '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed' // of EIP-55
    const enode = `enode://${bytesToHex(publicKeyOf(new Uint8Array(32).fill(1)))}@127.0.0.1:1`
    refused(await peerchart('account', enode, checked), 2, /connection refused/)
    for (const [text, cause] of [
      [checked.replace('5aA', '5aa'), /Its checksum \(EIP-55\) is wrong: a digit is mistyped/],
      [checked.slice(0, -1), /Want an address: 0x and 40 hex digits/],
      [checked.slice(2), /Want an address/],
    ] as const)
      refused(await peerchart('account', enode, text), 1, cause)
  })
})
