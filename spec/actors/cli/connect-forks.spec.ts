import { expect } from 'chai'
import { runCli } from '../../../actors/cli/program.ts'
import { dial } from '../../../actors/scripted-peer/dial.ts'
import { listen } from '../../../actors/scripted-peer/listen.ts'
import { network } from '../../../protocols/chain/networks.ts'
import { bytesToHex, hexToBytes } from '../../../protocols/lib/bytes.ts'
import { changedHeader } from '../chain/make-chain.ts'
import { ScriptedIo } from './scripted-io.ts'

// What a node of ours and one of Sepolia are to each other, by the fork ids of both and by the wall clock.

const amsterdam = 1_791_294_816n
const { header: genesis } = network('sepolia').genesis

describe('peerchart connect --network sepolia, as Amsterdam comes', () => {
  /** @param now seconds @returns what it prints of a node that announces `hash` and `next`, and what it announces itself */
  async function connecting(now: bigint, hash: string, next: bigint) {
    const head = changedHeader(genesis, { number: 9_000_000n, time: now })
    const range = { earliest: 0n, latest: 9_000_000n, latestHash: head.hash }
    const forkId = { hash: hexToBytes(hash), next }
    const status = { networkId: 11_155_111n, genesis: genesis.hash, forkId, range }
    const io = new ScriptedIo()
    io.now = () => Number(now) * 1_000
    await using listener = await listen({ status })
    await using peer = listener.accept()
    const answering = async () => {
      const { id } = await peer.expect('GetBlockHeaders')
      peer.send('BlockHeaders', { id, headers: [head.raw] })
    }
    const running = runCli(['connect', listener.enode, '--network', 'sepolia', '--json'], io)
    const [exit] = await Promise.all([running, answering()])
    const { outcome, fork, head: reported } = JSON.parse(io.out)
    const ours = peer.theirStatus!.forkId
    return { exit, outcome, fork, head: reported?.number, ours: `${bytesToHex(ours.hash)}/${ours.next}` }
  }

  const [before, after] = [amsterdam - 1n, amsterdam]
  const coming = `268956b6/${amsterdam}`
  for (const [what, now, hash, next, reported] of [
    ['a node that is there', after, '6c1d9423', 0n, ['current', 'at Amsterdam, no fork to come', '6c1d9423/0']],
    ['a node that syncs', after, '268956b6', amsterdam, ['behind', 'at BPO2, on its way to Amsterdam', '6c1d9423/0']],
    ['a node there', before, '6c1d9423', 0n, ['ahead', 'at Amsterdam, no fork to come', coming]],
    [
      ...(['a node that waits for it', before, '268956b6', amsterdam] as const),
      ['current', 'at BPO2, Amsterdam next (2026-10-06T13:53:36.000Z)', coming],
    ],
    ['a node that does not know it', before, '268956b6', 0n, ['current', 'at BPO2, no fork to come', coming]],
  ] as const)
    it(`has ${what} for a peer, ${now === before ? 'a second before' : 'from then on'}`, async () => {
      const [standing, label, ours] = reported
      expect(await connecting(now, hash, next)).to.deep.equal({
        ...{ exit: 0, outcome: 'ok', head: 9_000_000 },
        fork: { standing, label },
        ours,
      })
    })

  it('names the fork that a node does not know, from then on', async () => {
    expect(await connecting(after, '268956b6', 0n)).to.deep.include({
      ...{ exit: 8, outcome: 'stale-fork' },
      fork: { standing: 'stale', label: 'stale by Amsterdam: it is at BPO2' },
    })
  })
})

describe('peerchart listen --network sepolia, when Amsterdam comes while it waits', () => {
  it('says that it is at Amsterdam', async () => {
    const io = new ScriptedIo()
    io.now = () => Number(amsterdam - 1n) * 1_000
    const running = runCli(['listen', '--network', 'sepolia'], io)
    const [enode] = /enode:\S+/.exec(await io.stderr.line(/enode:/))!
    io.now = () => Number(amsterdam) * 1_000
    const range = { earliest: 0n, latest: 9_000_000n, latestHash: genesis.hash }
    const forkId = { hash: hexToBytes('6c1d9423'), next: 0n }
    const status = { networkId: 11_155_111n, genesis: genesis.hash, forkId, range }
    await using peer = dial(enode, { status })
    expect((await peer.expect('Status')).forkId).to.deep.equal(forkId)
    peer.close()
    await running
  })
})

describe('peerchart listen and connect, both of one chain', () => {
  it('has a Status for a node that speaks eth/68 and waits for one', async () => {
    const io = new ScriptedIo()
    const running = runCli(['listen', '--network', 'sepolia'], io)
    const [enode] = /enode:\S+/.exec(await io.stderr.line(/enode:/))!
    await using peer = dial(enode, { caps: ['eth/68'], through: 'hello' })
    const { td, head } = await peer.expect('Status')
    expect({ td, head }).to.deep.equal({ td: genesis.difficulty, head: genesis.hash })
    peer.close()
    await running
  })
  it('are peers to each other: who listens says its Status first, and each gives the genesis it speaks of', async () => {
    const [listening, connecting] = [new ScriptedIo(), new ScriptedIo()]
    const running = runCli(['listen', '--network', 'sepolia', '--json'], listening)
    const [enode] = /enode:\S+/.exec(await listening.stderr.line(/enode:/))!
    const exits = [await runCli(['connect', enode, '--network', 'sepolia', '--json'], connecting), await running]
    expect(exits, connecting.err + listening.err).to.deep.equal([0, 0])
    for (const { out } of [listening, connecting])
      expect(JSON.parse(out)).to.deep.include({ outcome: 'ok' }).and.have.nested.property('head.number', 0)
  })
})
