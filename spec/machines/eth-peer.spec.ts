import { expect } from 'chai'
import { type EthPeerEvent, type EthPeerInput, ethPeerMachine } from '../../machines/eth-peer.ts'
import { limits } from '../../protocols/eth/limits.ts'
import type { EthAnswer } from '../../protocols/eth/messages.ts'
import { readReceiptList } from '../../protocols/eth/receipt-messages.ts'
import type { Status } from '../../protocols/eth/status.ts'
import { answerOf, isAnswer, type MessageName, messageTable, type RequestName } from '../../protocols/eth/versions.ts'
import { LazyList } from '../../protocols/lib/lazy-list.ts'
import { DiscReason, reasonOf } from '../../protocols/p2p/disconnect-reasons.ts'
import { ChartWalk, type Step } from '../chart.ts'
import { noPorts } from '../no-ports.ts'

describe('eth-peer', () => {
  const chart = new ChartWalk(ethPeerMachine)
  const input: EthPeerInput = { ports: noPorts }
  const upon = (...events: EthPeerEvent[]) => chart.from(input, ...events)
  const payload = Uint8Array.of(0xc0)
  const message = (type: MessageName) => ({ type, payload }) as EthPeerEvent
  const status = { kind: 'Status' } as Status
  const statusTimeout = { type: 'xstate.after.statusTimeout.eth-peer.awaitingStatus' } as never as EthPeerEvent

  const toAwaiting: EthPeerEvent[] = [{ type: 'manager.started' }]
  const toRegistering: EthPeerEvent[] = [...toAwaiting, { type: 'status.accepted', status }]
  const toActive: EthPeerEvent[] = [...toRegistering, { type: 'manager.registered' }]
  const names = [...new Set([...Array(22).keys()].flatMap((code) => bothTables(code)))]
  const early = names.filter((name) => name !== 'Status')

  const made = (id: bigint, name: RequestName = 'GetBlockHeaders', count = 2): EthPeerEvent => {
    return { type: 'request.made', id, name, count, payload }
  }
  const opened = (answer: EthAnswer): EthPeerEvent => ({ type: 'answer.opened', answer })
  const headers = (id: bigint, count: number): EthAnswer => {
    const items = Array.from({ length: count }, () => Uint8Array.of(0xc0))
    return { kind: 'BlockHeaders', id, headers: LazyList.of(items, () => undefined as never) }
  }
  const effectNames = ({ effects }: Step<typeof ethPeerMachine>) => effects.map(([name]) => name)
  const verdict = ({ state, effects }: Step<typeof ethPeerMachine>) => {
    const error = (effects.find(([name]) => name === 'end')?.[1] as { error: Error } | undefined)?.error
    return { state, reason: error && reasonOf(error), why: error?.message }
  }
  const ended = (reason: DiscReason, why: string) => ({ state: 'closed', reason, why })

  describe('while waiting for the manager', () => {
    it('neither sends nor reads', () =>
      expect(upon()).to.deep.include({
        state: 'waiting',
        effects: [
          ['pauseReading', undefined],
          ['arrive', undefined],
        ],
      }))
    it('leaves with the manager', () =>
      expect(verdict(upon({ type: 'manager.refused', error: new Error('no') }))).to.deep.equal(
        ended(DiscReason.SubprotocolError, 'no'),
      ))
    it('ends when the peer goes', () =>
      expect(upon({ type: 'session.closed' })).to.deep.include({ state: 'closed', effects: [['leave', undefined]] }))
  })

  describe('while awaiting Status', () => {
    it('sends its own at once, then reads', () => {
      expect(upon(...toAwaiting).state).to.equal('awaitingStatus')
      expect(effectNames(upon(...toAwaiting))).to.deep.equal(['sendStatus', 'resumeReading'])
    })
    it('opens the Status of the remote', () =>
      expect(upon(...toAwaiting, message('Status')).effects).to.deep.equal([['openStatus', { payload }]]))
    for (const name of early)
      it(`ends on ${name} instead`, () =>
        expect(verdict(upon(...toAwaiting, message(name)))).to.deep.equal(
          ended(DiscReason.SubprotocolError, `no status message: first msg is ${name}`),
        ))
    it('gives the remote 5 s', () => {
      expect(verdict(upon(...toAwaiting, statusTimeout))).to.deep.equal(ended(DiscReason.ReadTimeout, 'read timeout'))
      expect(limits.statusTimeout).to.equal(5_000)
    })
    it('ends with what is wrong with a Status', () =>
      expect(verdict(upon(...toAwaiting, { type: 'fault.found', error: new Error('genesis') }))).to.deep.equal(
        ended(DiscReason.SubprotocolError, 'genesis'),
      ))
    it('ends on a code of no message', () =>
      expect(verdict(upon(...toAwaiting, { type: 'code.unknown', code: 11 }))).to.deep.equal(
        ended(DiscReason.SubprotocolError, 'invalid message code: 11'),
      ))
    it('ends on more than 10 MiB', () =>
      expect(verdict(upon(...toAwaiting, { type: 'message.tooLong', name: 'Status', size: 10485761 }))).to.deep.equal(
        ended(DiscReason.SubprotocolError, 'message too long: 10485761 > 10485760'),
      ))
    it('makes no requests yet', () =>
      expect(upon(...toAwaiting, made(1n)).effects).to.have.nested.property('[0][1].error.name', 'NotRegistered'))
  })

  describe('while registering', () => {
    it('asks for a place, and reads no further', () => {
      expect(upon(...toRegistering).state).to.equal('registering')
      expect(upon(...toRegistering).effects).to.deep.equal([
        ['register', { status }],
        ['pauseReading', undefined],
      ])
    })
    it('reads on once registered', () =>
      expect(upon(...toActive)).to.deep.include({ state: 'active.flowing', effects: [['resumeReading', undefined]] }))
  })

  describe('while active', () => {
    it('has no second Status', () =>
      expect(verdict(upon(...toActive, message('Status')))).to.deep.equal(
        ended(DiscReason.SubprotocolError, 'invalid message code: 0'),
      ))
    for (const name of early)
      it(`${isOpened(name) ? 'opens' : 'hands on'} ${name}`, () =>
        expect(upon(...toActive, message(name))).to.deep.include({
          state: 'active.flowing',
          effects: [[isOpened(name) ? 'openAnswer' : 'handle', { name, payload }]],
        }))
    it('opens pooled transactions when the manager listens to them', () =>
      expect(
        effectNames(upon(...toActive, { type: 'answer.admitted', name: 'PooledTransactions', payload })),
      ).to.deep.equal(['openAnswer']))
    it('leaves when the manager says so', () =>
      expect(verdict(upon(...toActive, { type: 'manager.dropped', reason: DiscReason.UselessPeer }))).to.deep.equal(
        ended(DiscReason.UselessPeer, 'useless peer'),
      ))
    it('does not read a remote that does not read', () => {
      const blocked = upon(...toActive, { type: 'write.blocked' })
      expect(blocked).to.deep.include({ state: 'active.blocked', effects: [['pauseReading', undefined]] })
      expect(chart.on(blocked, { type: 'write.drained' })).to.deep.include({
        state: 'active.flowing',
        effects: [['resumeReading', undefined]],
      })
    })
  })

  describe('with requests', () => {
    it('tracks, arms a deadline and sends', () =>
      expect(upon(...toActive, made(1n)).effects).to.deep.equal([
        ['armDeadline', { id: 1n }],
        ['send', { name: 'GetBlockHeaders', payload }],
      ]))
    it('never has two of one id', () =>
      expect(upon(...toActive, made(1n), made(1n)).effects).to.have.nested.property(
        '[0][1].error.message',
        'request ID collision',
      ))
    it('has at most 10,000', () => {
      const step = upon(...toActive)
      const requests = new Map(
        Array.from({ length: limits.maxPendingRequests }, (_, i) => [
          BigInt(i),
          { want: 'BlockHeaders' as const, count: 1, isCancelled: false },
        ]),
      )
      const snapshot = { ...step.snapshot, context: { ...step.context, requests } } as typeof step.snapshot
      expect(chart.on({ ...step, snapshot }, made(10_000n)).effects).to.have.nested.property(
        '[0][1].error.message',
        'request limit reached',
      )
    })
    it('delivers the answer', () => {
      const answer = headers(1n, 2)
      const step = upon(...toActive, made(1n), opened(answer))
      expect(step.effects).to.deep.equal([
        ['disarmDeadline', { id: 1n }],
        ['deliver', { answer }],
      ])
      expect(step.context.requests.size).to.equal(0)
    })
    for (const name of Object.keys(answerOf) as RequestName[])
      it(`takes ${answerOf[name]} for ${name}`, () =>
        expect(upon(...toActive, made(1n, name)).context.requests.get(1n)?.want).to.equal(answerOf[name]))
    it('ends on an answer that nobody asked for', () =>
      expect(verdict(upon(...toActive, opened(headers(1n, 0))))).to.deep.equal(
        ended(DiscReason.SubprotocolError, 'no matching request'),
      ))
    it('ends on a second answer', () =>
      expect(verdict(upon(...toActive, made(1n), opened(headers(1n, 1)), opened(headers(1n, 1))))).to.deep.equal(
        ended(DiscReason.SubprotocolError, 'no matching request'),
      ))
    it('ends on an answer to another request', () =>
      expect(verdict(upon(...toActive, made(1n, 'GetBlockBodies'), opened(headers(1n, 1))))).to.deep.equal(
        ended(DiscReason.SubprotocolError, 'wrong response code for request'),
      ))
    it('ends on more than was asked for', () =>
      expect(verdict(upon(...toActive, made(1n), opened(headers(1n, 3))))).to.deep.equal(
        ended(DiscReason.SubprotocolError, 'response is larger than request allows'),
      ))
    it('ignores the late answer to a cancelled request, once', () => {
      const cancelled: EthPeerEvent[] = [...toActive, made(1n), { type: 'request.cancelled', id: 1n }]
      const step = upon(...cancelled, opened(headers(1n, 1)))
      expect(step).to.deep.include({ state: 'active.flowing', effects: [['disarmDeadline', { id: 1n }]] })
      expect(verdict(chart.on(step, opened(headers(1n, 1)))).why).to.equal('no matching request')
    })
    it('checks the late answer like any other', () =>
      expect(
        verdict(upon(...toActive, made(1n), { type: 'request.cancelled', id: 1n }, opened(headers(1n, 3)))).why,
      ).to.equal('response is larger than request allows'))
    it('takes the cancelling of nothing for done', () =>
      expect(upon(...toActive, { type: 'request.cancelled', id: 1n }).effects).to.deep.equal([]))
    it('forgets a request that expires, and goes on', () => {
      const step = upon(...toActive, made(1n), { type: 'request.expired', id: 1n })
      expect(step.state).to.equal('active.flowing')
      expect(step.effects).to.have.nested.property('[0][1].error.name', 'RequestExpired')
      expect(verdict(chart.on(step, opened(headers(1n, 1)))).why).to.equal('no matching request')
    })
    it('takes the expiry of nothing for done', () =>
      expect(upon(...toActive, { type: 'request.expired', id: 1n }).effects).to.deep.equal([]))
    it('ends on an answer that cannot be, asked for as it is', () => {
      const receipts = LazyList.of([], readReceiptList(70))
      const answer: EthAnswer = { kind: 'Receipts', id: 1n, lastBlockIncomplete: true, receipts }
      expect(verdict(upon(...toActive, made(1n, 'GetReceipts'), opened(answer)))).to.deep.equal(
        ended(DiscReason.SubprotocolError, 'invalid empty receipt response with incomplete flag'),
      )
    })
    it('tells no one twice that it is over', () =>
      expect(effectNames(upon(...toActive, made(1n), { type: 'session.closed' }))).to.deep.equal(['leave']))
  })

  describe('as a whole', () => {
    it('has entered every state and taken every transition', () => expect(chart.untouched).to.deep.equal([]))
  })
})

function bothTables(code: number) {
  return [messageTable(68).nameOf(code), messageTable(72).nameOf(code)].filter((name) => name !== undefined)
}

function isOpened(name: MessageName) {
  return isAnswer(name) && name !== 'PooledTransactions'
}
