import { expect } from 'chai'
import {
  type RpcServerEvent,
  type RpcServerInput,
  RpcServerRunning,
  rpcServerMachine,
} from '../../machines/rpc-server.ts'
import { ChartWalk } from '../chart.ts'

describe('rpc-server', () => {
  const chart = new ChartWalk(rpcServerMachine)
  const input: RpcServerInput = {
    ports: { listen() {}, drain() {}, cut() {}, settle() {} },
    shutdownTimeout: 5_000,
  }
  const upon = (...events: RpcServerEvent[]) => {
    const { state, effects } = chart.from(input, ...events)
    return { state, effects }
  }

  const open = (call = 1): RpcServerEvent => ({ type: 'server.open', call })
  const close = (call = 2): RpcServerEvent => ({ type: 'server.close', call })
  const opened: RpcServerEvent = { type: 'listener.opened', address: '127.0.0.1:8545' }
  const failed = (error: Error): RpcServerEvent => ({ type: 'listener.failed', error })
  const closed: RpcServerEvent = { type: 'listener.closed' }
  const timeOver = chart.elapsed('shutdownTimeout', 'closing.draining')

  it('listens, and answers once it does', () => {
    expect(upon(open())).to.deep.equal({ state: 'opening', effects: [['listen', undefined]] })
    expect(upon(open(), opened)).to.deep.equal({ state: 'open', effects: [['settle', { call: 1 }]] })
    expect(chart.from(input, open(), opened).context.address).to.equal('127.0.0.1:8545')
  })
  it('is off again when it cannot listen, and says why', () => {
    const error = new Error('address already in use')
    const { state, effects } = upon(open(), failed(error))
    expect(state).to.equal('off')
    expect(effects[0]).to.deep.equal(['settle', { call: 1, error }])
    expect(upon(open(), failed(error), open(3)).state).to.equal('opening')
  })
  it('refuses to open twice, and says where it listens', () => {
    for (const events of [[open()], [open(), opened], [open(), opened, close()]]) {
      const [[name, params]] = upon(...events, open(7)).effects as [[string, { call: number; error: Error }]]
      expect([name, params.call]).to.deep.equal(['settle', 7])
      expect(params.error).to.be.instanceOf(RpcServerRunning)
    }
    const [[, { error }]] = upon(open(), opened, open(7)).effects as [[string, { error: Error }]]
    expect(error.message).to.equal('RPC server already running on 127.0.0.1:8545; stop it first')
  })
  it('lets its clients go, and answers everybody who waits for that', () => {
    expect(upon(open(), opened, close())).to.deep.equal({ state: 'closing.draining', effects: [['drain', undefined]] })
    expect(upon(open(), opened, close(2), close(3), closed)).to.deep.equal({
      state: 'off',
      effects: [
        ['settle', { call: 2 }],
        ['settle', { call: 3 }],
      ],
    })
  })
  it('cuts off who is busy for too long', () => {
    expect(upon(open(), opened, close(), timeOver)).to.deep.equal({
      state: 'closing.cutting',
      effects: [['cut', undefined]],
    })
    expect(upon(open(), opened, close(), timeOver, closed).state).to.equal('off')
  })
  it('closes after it has opened when asked to before', () => {
    expect(upon(open(), close(), opened)).to.deep.equal({
      state: 'closing.draining',
      effects: [
        ['settle', { call: 1 }],
        ['drain', undefined],
      ],
    })
    const { state, effects } = upon(open(), close(), failed(new Error('taken')))
    expect([state, effects[1]]).to.deep.equal(['off', ['settle', { call: 2 }]])
  })
  it('has nothing to do when it is closed while off', () => {
    expect(upon(close())).to.deep.equal({ state: 'off', effects: [['settle', { call: 2 }]] })
  })
  it('opens again', () => {
    expect(upon(open(), opened, close(), closed, open(3), opened).effects).to.deep.equal([['settle', { call: 3 }]])
  })

  it('has taken every transition', () => expect(chart.untouched).to.deep.equal([]))
})
