import { expect } from 'chai'
import { DisallowedBlock } from '../../machines/eth-faults.ts'
import { type EthPeerEvent, type EthPeerInput, ethPeerMachine } from '../../machines/eth-peer.ts'
import { maxTracked, RequestExpired, RequestIdCollision } from '../../machines/request-tracker.ts'
import { AnswerError } from '../../protocols/eth/answer-rules.ts'
import { limits } from '../../protocols/eth/limits.ts'
import type { EthAnswer } from '../../protocols/eth/messages.ts'
import { readReceiptList } from '../../protocols/eth/receipt-messages.ts'
import type { Status } from '../../protocols/eth/status.ts'
import {
  answerOf,
  isAnswer,
  isRequest,
  type MessageName,
  messageTable,
  type RequestName,
} from '../../protocols/eth/versions.ts'
import { LazyList } from '../../protocols/lib/lazy-list.ts'
import { DiscReason, reasonOf } from '../../protocols/p2p/disconnect-reasons.ts'
import { ChartWalk, type Step } from '../chart.ts'
import { noPorts } from '../no-ports.ts'

describe('eth-peer', () => {
  const chart = new ChartWalk(ethPeerMachine)
  const input: EthPeerInput = { ports: noPorts, version: 72 }
  const upon = (...events: EthPeerEvent[]) => chart.from(input, ...events)
  const payload = Uint8Array.of(0xc0)
  const message = (type: MessageName) => ({ type, payload }) as EthPeerEvent
  const status = { kind: 'Status' } as Status
  const statusTimeout = chart.elapsed('statusTimeout', 'awaitingStatus')

  const toAwaiting: EthPeerEvent[] = [{ type: 'manager.started' }]
  const toRegistering: EthPeerEvent[] = [...toAwaiting, { type: 'status.accepted', status }]
  const toActive: EthPeerEvent[] = [...toRegistering, { type: 'manager.registered', isSynced: false }]
  const toSynced: EthPeerEvent[] = [...toActive, { type: 'manager.synced' }]
  const names = [...new Set([...Array(22).keys()].flatMap((code) => bothTables(code)))]
  const early = names.filter((name) => name !== 'Status')

  const made = (id: bigint, name: RequestName = 'GetBlockHeaders', count = 2): EthPeerEvent => {
    return { type: 'request.made', id, caller: Number(id) + 100, name, count, payload, now: 1_000 }
  }
  const opened = (answer: EthAnswer): EthPeerEvent => ({ type: 'answer.opened', answer, now: 1_040 })
  const headers = (id: bigint, count: number): EthAnswer => {
    const items = Array.from({ length: count }, () => Uint8Array.of(0xc0))
    return { kind: 'BlockHeaders', id, headers: LazyList.of(items, () => undefined as never) }
  }
  const active = 'active.(chain.syncing reading.flowing)'
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
      expect(upon(...toActive)).to.deep.include({ state: active, effects: [['resumeReading', undefined]] }))
  })

  describe('while active', () => {
    it('has no second Status', () =>
      expect(verdict(upon(...toActive, message('Status')))).to.deep.equal(
        ended(DiscReason.SubprotocolError, 'invalid message code: 0'),
      ))
    for (const name of early.filter(isRequest))
      it(`serves ${name}`, () =>
        expect(upon(...toActive, message(name))).to.deep.include({
          state: active,
          effects: [['serve', { name, payload }]],
        }))
    for (const name of early.filter((name) => isAnswer(name) && name !== 'PooledTransactions'))
      it(`opens ${name}`, () =>
        expect(upon(...toActive, message(name))).to.deep.include({
          state: active,
          effects: [['openAnswer', { name, payload }]],
        }))
    for (const name of ['NewBlockHashes', 'NewBlock'] as const)
      it(`ends on ${name}, whose time is over`, () =>
        expect(verdict(upon(...toActive, message(name)))).to.deep.equal(
          ended(DiscReason.SubprotocolError, new DisallowedBlock(name).message),
        ))
    for (const name of ['Transactions', 'NewPooledTransactionHashes', 'PooledTransactions'] as const) {
      it(`drops ${name} until the chain is synced`, () =>
        expect(upon(...toActive, message(name))).to.deep.include({ state: active, effects: [] }))
      it(`${name === 'PooledTransactions' ? 'opens' : 'checks'} ${name} from then on`, () =>
        expect(upon(...toSynced, message(name))).to.deep.include({
          state: 'active.(chain.synced reading.flowing)',
          effects: [[name === 'PooledTransactions' ? 'openAnswer' : 'checkTransactions', { name, payload }]],
        }))
    }
    it('accepts transactions at once when the chain has been synced before', () =>
      expect(upon(...toRegistering, { type: 'manager.registered', isSynced: true })).to.deep.include({
        state: 'active.(chain.synced reading.flowing)',
        effects: [['resumeReading', undefined]],
      }))
    it('opens a range, and notes it', () => {
      const range = { earliest: 0n, latest: 600n, latestHash: new Uint8Array(32).fill(9) }
      expect(upon(...toActive, message('BlockRangeUpdate')).effects).to.deep.equal([['openRange', { payload }]])
      expect(upon(...toActive, { type: 'range.opened', range }).effects).to.deep.equal([['noteRange', { range }]])
    })
    it('ends on a range that cannot be', () => {
      const range = { earliest: 10n, latest: 8n, latestHash: new Uint8Array(32).fill(9) }
      expect(verdict(upon(...toActive, { type: 'range.opened', range }))).to.deep.include({
        state: 'closed',
        reason: DiscReason.SubprotocolError,
      })
    })
    it('leaves when the manager says so', () =>
      expect(verdict(upon(...toActive, { type: 'manager.dropped', reason: DiscReason.UselessPeer }))).to.deep.equal(
        ended(DiscReason.UselessPeer, 'useless peer'),
      ))
    it('does not read a remote that does not read', () => {
      const blocked = upon(...toActive, { type: 'write.blocked' })
      expect(blocked).to.deep.include({
        state: 'active.(chain.syncing reading.blocked)',
        effects: [['pauseReading', undefined]],
      })
      expect(chart.on(blocked, { type: 'write.drained' })).to.deep.include({
        state: active,
        effects: [['resumeReading', undefined]],
      })
    })
  })

  describe('with requests', () => {
    it('tracks, watches the time and sends', () =>
      expect(upon(...toActive, made(1n)).effects).to.deep.equal([
        ['watchExpiry', { at: 301_000 }],
        ['send', { name: 'GetBlockHeaders', payload }],
      ]))
    it('never has two of one id', () =>
      expect(upon(...toActive, made(1n), { ...made(1n), caller: 7 } as EthPeerEvent).effects).to.deep.equal([
        ['fail', { caller: 7, error: new RequestIdCollision() }],
      ]))
    it('cancels nothing of the caller that has the id', () => {
      const step = upon(...toActive, made(1n), { type: 'request.cancelled', id: 1n, caller: 7 })
      expect(step.context.requests.pending.get(1n)?.isCancelled).to.equal(false)
    })
    it('has at most 10,000', () => {
      const step = upon(...toActive)
      const one = upon(...toActive, made(0n)).context.requests.pending.get(0n)!
      const pending = new Map(Array.from({ length: maxTracked }, (_, i) => [BigInt(i), one]))
      const requests = { pending, settled: [] }
      const snapshot = { ...step.snapshot, context: { ...step.context, requests } } as unknown as typeof step.snapshot
      expect(chart.on({ ...step, snapshot }, made(10_000n)).effects).to.have.nested.property(
        '[0][1].error.message',
        'request limit reached',
      )
    })
    it('delivers the answer', () => {
      const answer = headers(1n, 2)
      const step = upon(...toActive, made(1n), opened(answer))
      expect(step.effects).to.deep.equal([
        ['deliver', { caller: 101, answer }],
        ['watchExpiry', { at: undefined }],
      ])
      expect(step.context.requests.pending.size).to.equal(0)
      expect(step.context.requests.settled.map(({ name, since }) => [name, since])).to.deep.equal([
        ['GetBlockHeaders', 1_000],
      ])
    })
    for (const name of Object.keys(answerOf) as RequestName[])
      it(`takes ${answerOf[name]} for ${name}`, () =>
        expect(upon(...toActive, made(1n, name)).context.requests.pending.get(1n)?.want).to.equal(answerOf[name]))
    it('ends on an answer that was not requested', () =>
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
      const cancelled: EthPeerEvent[] = [...toActive, made(1n), { type: 'request.cancelled', id: 1n, caller: 101 }]
      const step = upon(...cancelled, opened(headers(1n, 1)))
      expect(step).to.deep.include({ state: active, effects: [['watchExpiry', { at: undefined }]] })
      expect(verdict(chart.on(step, opened(headers(1n, 1)))).why).to.equal('no matching request')
    })
    it('checks the late answer like any other', () =>
      expect(
        verdict(upon(...toActive, made(1n), { type: 'request.cancelled', id: 1n, caller: 101 }, opened(headers(1n, 3))))
          .why,
      ).to.equal('response is larger than request allows'))
    it('takes the cancelling of nothing for done', () =>
      expect(upon(...toActive, { type: 'request.cancelled', id: 1n, caller: 101 }).effects).to.deep.equal([]))
    it('gives up a request that expires, and goes on', () => {
      const step = upon(...toActive, made(1n), { type: 'requests.elapsed', now: 301_000 })
      expect(step).to.deep.include({
        state: active,
        effects: [
          ['fail', { caller: 101, error: new RequestExpired() }],
          ['watchExpiry', { at: undefined }],
        ],
      })
      expect(limits.requestTimeout).to.equal(300_000)
      expect(verdict(chart.on(step, opened(headers(1n, 1)))).why).to.equal('no matching request')
    })
    it('gives up no request before its time, and watches for the next', () => {
      const second = { ...made(2n), now: 2_000 } as EthPeerEvent
      const step = upon(...toActive, made(1n), second, { type: 'requests.elapsed', now: 301_999 })
      expect([...step.context.requests.pending.keys()]).to.deep.equal([2n])
      expect(step.effects.at(-1)).to.deep.equal(['watchExpiry', { at: 302_000 }])
    })
    it('has no caller to fail when a cancelled request expires', () =>
      expect(
        effectNames(
          upon(...[...toActive, made(1n), { type: 'request.cancelled', id: 1n, caller: 101 } as const], {
            type: 'requests.elapsed',
            now: 301_000,
          }),
        ),
      ).to.deep.equal(['watchExpiry']))
    describe('for what has rules of its own', () => {
      const receipts = LazyList.of([], readReceiptList(70))
      const answer: EthAnswer = { kind: 'Receipts', id: 1n, lastBlockIncomplete: true, receipts }
      const asked = [...toActive, made(1n, 'GetReceipts'), opened(answer)]
      const checked: EthPeerEvent = { type: 'answer.checked', answer }

      it('has the answer checked before anybody gets it', () => {
        expect(upon(...asked).effects).to.deep.equal([['checkAnswer', { answer }]])
        expect(upon(...asked, checked).effects).to.deep.equal([
          ['deliver', { caller: 101, answer }],
          ['watchExpiry', { at: undefined }],
        ])
      })
      it('ends on one that cannot be', () =>
        expect(verdict(upon(...asked, { type: 'fault.found', error: new AnswerError('no') }))).to.deep.equal(
          ended(DiscReason.SubprotocolError, 'no'),
        ))
      it('delivers none that was cancelled or has expired meanwhile', () => {
        const cancelled: EthPeerEvent = { type: 'request.cancelled', id: 1n, caller: 101 }
        expect(effectNames(upon(...asked, cancelled, checked))).to.deep.equal(['watchExpiry'])
        const expired: EthPeerEvent = { type: 'requests.elapsed', now: 301_000 }
        expect(upon(...asked, expired, checked)).to.deep.include({ state: active, effects: [] })
      })
    })
    it('does not report its end twice', () =>
      expect(effectNames(upon(...toActive, made(1n), { type: 'session.closed' }))).to.deep.equal(['leave']))
  })

  describe('as a whole', () => {
    it('has entered every state and taken every transition', () => expect(chart.untouched).to.deep.equal([]))
  })
})

function bothTables(code: number) {
  return [messageTable(68).nameOf(code), messageTable(72).nameOf(code)].filter((name) => name !== undefined)
}
