import { expect } from 'chai'
import { table } from '../../actors/cli/table.ts'
import { dial } from '../../actors/scripted-peer/dial.ts'
import { parseEnode } from '../../protocols/enode/enode.ts'
import { type EthVersion, ethLengths } from '../../protocols/eth/versions.ts'
import { bytesToHex } from '../../protocols/lib/bytes.ts'
import { skip } from '../support/clients.ts'
import { type OwnNode, startOwnNode } from '../support/own-node.ts'
import { eventually } from './own-ethtest-node.ts'
import type { PeerChain } from './peer-chain.ts'
import { type RealPeer, realClients } from './real-clients.ts'

// The table of real peers: each client that is found, at each version that both speak, both ways. It is printed at the end.

/** admin_peers, as far as it is looked at. */
type AdminPeer = {
  readonly id: string
  readonly name: string
  readonly caps: readonly string[]
  readonly network: { readonly inbound?: boolean }
  readonly protocols: { readonly eth: { readonly version: number } | 'handshake' }
}

const versions = Object.keys(ethLengths).map(Number) as EthVersion[]
const columns = ['we dial', 'we sync', 'it dials', 'it syncs'] as const
type Column = (typeof columns)[number]
type Outcome = 'yes' | 'no' | 'FAILS'
/** Of one client: how each version of eth went. */
type Row = Readonly<Record<Column, Map<EthVersion, Outcome>>>
/** By its name and version, as its Hello has them. */
const rows = new Map<string, Row>()

after(() => {
  const lines = [...rows].map(([name, row]) => [
    name,
    [...row[columns[0]].keys()].join(' '),
    ...columns.map((column) => reported(row[column])),
  ])
  if (lines.length > 0) process.stdout.write(`\n${table(['client', 'eth', ...columns], lines)}\n`)
})

for (const client of realClients)
  describe(`our node and ${client.name}`, function () {
    this.timeout(240_000)
    let path: string
    let chain: PeerChain
    let full: RealPeer
    let row: Row
    let spoken: readonly EthVersion[]
    before(async function () {
      path = client.require(this)
      chain = await client.chainFor(path)
      full = await client.start(path, chain, 'head')
      const { name, caps } = await helloOf(full.enode)
      spoken = versions.filter((version) => caps.includes(`eth/${version}`))
      row = { 'we dial': new Map(), 'we sync': new Map(), 'it dials': new Map(), 'it syncs': new Map() }
      rows.set(name.split('/').slice(0, 2).join(' '), row)
    })
    after(() => full?.stop())

    it('have a version of eth in common', () => expect(spoken).to.not.deep.equal([]))

    for (const version of versions)
      describe(`over eth/${version}`, () => {
        before(function () {
          if (!spoken.includes(version)) skip(this, 'it does not speak that')
        })
        let node: OwnNode | undefined
        let empty: RealPeer | undefined
        after(() => Promise.all([node?.stop(), empty?.stop()]))
        const ownNode = async (at: 'head' | 'genesis', peers: string[]) => {
          await node?.stop()
          const { genesis, chain: blocks } = chain
          const ours = { genesis, ...(at === 'head' && { chain: blocks }), noDial: false, headPollInterval: 500 }
          node = await startOwnNode({ ...ours, ethVersions: [version], peers })
          return node
        }

        cell('we dial', 'it has us for a peer when we dial', async () => {
          const { enode } = await ownNode('genesis', [full.enode])
          const peer = await met(full, enode)
          expect(peer.name).to.match(/^peerchart\//i)
          expect(peer.caps).to.include(`eth/${version}`)
          expect(peer.network.inbound).to.not.equal(false) // @ethereumjs/client does not say
        })
        cell('we sync', 'all its blocks come, and are verified', async () => {
          await eventually(
            'its head',
            async () => (await node!.call('head')).number === Number(chain.head.number),
            120_000,
          )
          expect((await node!.call('head')).hash).to.equal(chain.head.hash)
        })
        cell('it dials', 'it dials us', async (context) => {
          if (client.neverDials) skip(context, client.neverDials)
          const { enode } = await ownNode('head', [])
          empty = await client.start(path, chain, 'genesis')
          await empty.rpc('admin_addPeer', enode)
          expect((await met(empty, enode)).network.inbound).to.equal(false)
          await eventually('we name it with a running eth', async () => {
            const [peer] = await node!.call('peers')
            const eth = peer?.protocols.eth
            return typeof eth === 'object' && eth !== null && 'version' in eth && eth.version === version
          })
        })
        cell('it syncs', 'it gets all blocks from us, once its consensus client names the head', async () => {
          if (!empty) {
            empty = await client.start(path, chain, 'genesis')
            const { enode } = await ownNode('head', [empty.enode])
            await met(empty, enode)
          }
          await empty.engine(chain.payload)
          await empty.engine(chain.update)
          const head = `0x${chain.head.number.toString(16)}`
          await eventually('our head', async () => (await empty!.rpc('eth_blockNumber')) === head, 120_000)
          const { hash } = await empty!.rpc<{ hash: string }>('eth_getBlockByNumber', head, false)
          expect(hash).to.equal(`0x${chain.head.hash}`)
        })

        /** What the client says of our node, once both Statuses are exchanged. */
        function met(peer: RealPeer, enode: string): Promise<AdminPeer> {
          const { id, publicKey } = parseEnode(enode)
          const ids = [id, bytesToHex(publicKey)]
          return eventually('it names us with a running eth', async () => {
            const peers = await peer.rpc<AdminPeer[]>('admin_peers')
            return peers.find(
              ({ id, protocols: { eth } }) => ids.includes(id) && typeof eth === 'object' && eth.version === version,
            )
          })
        }

        /** A spec that has a place in the table. */
        function cell(column: Column, title: string, run: (context: Mocha.Context) => Promise<void>): void {
          it(title, async function () {
            row[column].set(version, 'FAILS')
            await run(this).catch((error) => {
              if (this.test?.isPending()) row[column].set(version, 'no')
              throw error
            })
            row[column].set(version, 'yes')
          })
        }
      })
  })

/** One word where all versions went alike. */
function reported(outcomes: ReadonlyMap<EthVersion, Outcome>): string {
  const kinds = new Set(outcomes.values())
  if (kinds.size === 1) return [...kinds][0]!
  return [...outcomes].map(([version, outcome]) => `${version}: ${outcome}`).join(', ')
}

async function helloOf(enode: string): Promise<{ name: string; caps: readonly string[] }> {
  await using peer = dial(enode, { through: 'rlpx' })
  const { name, caps } = await peer.expect('Hello')
  return { name, caps: caps.map(({ name, version }) => `${name}/${version}`) }
}
