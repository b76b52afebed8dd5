import { expect } from 'chai'
import { Subject } from 'rxjs'
import { type Administered, adminApi, type Endpoints } from '../../../actors/apis/admin.ts'
import { NodeNotRunning } from '../../../actors/node/node.ts'
import type { PeerInfo } from '../../../actors/p2p/peer-info.ts'
import { RpcEnabled } from '../../../actors/rpc/http-server.ts'
import { RpcListenFailed } from '../../../actors/rpc/listen.ts'
import type { PeerEvent } from '../../../machines/admission.ts'
import { RpcServerRunning } from '../../../machines/rpc-server.ts'
import { callApi } from './call-api.ts'

const key =
  '79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8'
const id = 'c0a6c424ac7157ae408398df7e5f4552091a69125d5dfcb7b8c2659029395bdf'
const enode = `enode://${key}@127.0.0.1:30303`

describe('the admin namespace', () => {
  let reported: unknown[]
  let fault: Error | undefined
  let peerEvents: Subject<PeerEvent>
  const note =
    (name: string) =>
    (...args: unknown[]) => {
      reported.push([name, ...args])
      if (fault) throw fault
    }
  const noteLater =
    (name: string) =>
    async (...args: unknown[]) =>
      note(name)(...args)
  const api = () => {
    const node: Administered = {
      nodeInfo: () => ({ id: 'ab' }),
      peers: () => [{ id: 'b' }, { id: 'a' }] as PeerInfo[],
      peerEvents$: peerEvents,
      datadir: '/data',
      server: {
        addPeer: ({ id }) => note('addPeer')(id),
        removePeer: async ({ id }) => note('removePeer')(id),
        addTrustedPeer: ({ id }) => note('addTrustedPeer')(id),
        removeTrustedPeer: ({ id }) => note('removeTrustedPeer')(id),
      },
    }
    const endpoints: Endpoints = {
      startHttp: noteLater('startHttp'),
      stopHttp: noteLater('stopHttp'),
      startWs: noteLater('startWs'),
      stopWs: noteLater('stopWs'),
    }
    return adminApi(node, () => endpoints)
  }
  const call = (name: string, ...args: unknown[]) => callApi([api()], `admin_${name}`, ...args)
  const failure = (promise: Promise<unknown>) =>
    promise.then(
      () => expect.fail('did not fail'),
      ({ code, message }) => `${code} ${message}`,
    )

  beforeEach(() => {
    reported = []
    fault = undefined
    peerEvents = new Subject()
  })

  it('returns the node info, the data directory and the peers', async () => {
    expect(await call('nodeInfo')).to.deep.equal({ id: 'ab' })
    expect(await call('datadir')).to.equal('/data')
    expect(await call('peers')).to.deep.equal([{ id: 'a' }, { id: 'b' }])
  })
  for (const name of ['addPeer', 'removePeer', 'addTrustedPeer', 'removeTrustedPeer']) {
    it(`has ${name}, which says true`, async () => {
      expect(await call(name, enode)).to.equal(true)
      expect(reported).to.deep.equal([[name, id]])
    })
    it(`refuses ${name} with geth's error messages`, async () => {
      expect(await failure(call(name, 'x'))).to.equal(
        "-32000 invalid enode: missing 'enr:' prefix for base64-encoded record",
      )
      expect(await failure(call(name, 7))).to.equal(
        '-32602 invalid argument 0: json: cannot unmarshal number into Go value of type string',
      )
      fault = new NodeNotRunning()
      expect(await failure(call(name, enode))).to.equal('-32000 node not started')
    })
  }
  it('opens and closes the endpoints of HTTP and WebSocket', async () => {
    expect(await call('startHTTP', '127.0.0.1', 8577, '*, http://a', 'eth,net', 'localhost')).to.equal(true)
    expect(await call('startHTTP')).to.equal(true)
    expect(await call('startHTTP', null, 0, '')).to.equal(true)
    expect(await call('startWS', '127.0.0.1', 8578, '*', 'admin')).to.equal(true)
    expect(await call('stopHTTP')).to.equal(true)
    expect(await call('stopWS')).to.equal(true)
    expect(reported).to.deep.equal([
      [
        'startHttp',
        { host: '127.0.0.1', port: 8577, corsdomain: ['*', 'http://a'], api: ['eth', 'net'], vhosts: ['localhost'] },
      ],
      ['startHttp', {}],
      ['startHttp', { port: 0, corsdomain: [] }],
      ['startWs', { host: '127.0.0.1', port: 8578, origins: ['*'], api: ['admin'] }],
      ['stopHttp'],
      ['stopWs'],
    ])
  })
  it('says why an endpoint could not be opened', async () => {
    for (const one of [
      new RpcServerRunning('127.0.0.1:8577'),
      new RpcEnabled('HTTP'),
      new RpcListenFailed({ host: '127.0.0.1', port: 1 }, '--http.port', new Error('taken')),
    ]) {
      fault = one
      expect(await failure(call('startHTTP'))).to.equal(`-32000 ${one.message}`)
    }
    expect(await failure(call('startWS', '127.0.0.1', 70_000))).to.equal(
      '-32000 listen tcp: address 70000: invalid port',
    )
    expect(await failure(call('startHTTP', '127.0.0.1', 'x'))).to.equal(
      '-32602 invalid argument 1: json: cannot unmarshal string into Go value of type int',
    )
  })
  it('keeps a bug of ours to itself', async () => {
    fault = new TypeError('undefined is not a function')
    for (const [name, ...args] of [['addPeer', enode], ['removePeer', enode], ['startHTTP'], ['stopWS']] as const)
      expect(await failure(call(name, ...args))).to.equal('-32603 method handler crashed')
  })
  it('notifies of peers as they come and go, until it is unsubscribed', () => {
    const seen: unknown[] = []
    const end = api().subscriptions!.peerEvents!.open((event) => seen.push(event), [])
    const event = { type: 'add', peer: 'ab', local: '127.0.0.1:1', remote: '127.0.0.1:2' } as const
    peerEvents.next({ conn: 7, ...event })
    end()
    peerEvents.next({ conn: 7, ...event })
    expect(seen).to.deep.equal([event])
  })
})
