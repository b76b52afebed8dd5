import type { Actor } from 'xstate'
import { describeState } from '../../machines/names/state-name.ts'
import { type Automatism, type ScriptedPeerEvent, scriptedPeerMachine } from '../../machines/scripted-peer.ts'
import type { Status } from '../../protocols/eth/status.ts'
import { type DiscReason, discReasonText } from '../../protocols/p2p/disconnect-reasons.ts'
import type { Hello } from '../../protocols/p2p/messages.ts'
import {
  answerOf,
  isRemoteFault,
  type SubCap,
  type SubMessageIn,
  type SubRequest,
  type SubRequestName,
  type SubRequestNameIn,
} from '../../protocols/sub-protocols.ts'
import type { Network, Stream } from '../p2p/connection.ts'
import { startActor } from '../runtime/start-actor.ts'
import { type Offers, type Spoken, type StatusFields, type StatusOption, toCap } from './caps.ts'
import { checkFieldNames, checkName } from './field-names.ts'
import { type FieldsOf, toMessage } from './fields.ts'
import { describeMatch, isMatch } from './match.ts'
import { hex, type PeerMessage, type PeerMessageName, type Reason, toReason } from './negotiated-messages.ts'
import { Speaker, type SpeakerOptions } from './speaker.ts'
import type { Received, TranscriptLine, Wait } from './transcript.ts'

export type ScriptedPeerOptions<O extends Offers = Offers> = SpeakerOptions<O> & {
  /**
   * Our Status: `mirror` is theirs; an object or function changes what it names of theirs. One that has every field
   * is said first, without waiting for theirs. @default 'mirror'
   */
  readonly status?: StatusOption<Spoken<O>>
  /** The last step that the peer takes by itself. @default 'status' */
  readonly through?: Automatism
  /** Answers each Ping with a Pong. @default true */
  readonly answerPings?: boolean
  /** TCP when left out; memoryNetwork() needs no port. */
  readonly network?: Network
}

const peerStates = ['listening', 'dialing', 'securing', 'greeting', 'handshaking', 'running', 'closed'] as const
export type PeerState = (typeof peerStates)[number]

type Link = { readonly connect?: (signal: AbortSignal) => Promise<Stream>; readonly remotePublicKey?: Uint8Array }
type Match<M> = Partial<M> | ((message: M) => boolean)
/** What is left of `C` when the version of one protocol is known. */
type Only<K extends SubCap, C extends SubCap> = K extends `${infer P}/${number}`
  ? K | Exclude<C, `${P}/${number}`>
  : never
type Answer<N extends SubRequestName, C extends SubCap> = PeerMessage<(typeof answerOf)[N], C>

/**
 * A devp2p peer that does what a script says, at any layer and any stage: see `dial` and `listen`. By itself it takes the
 * steps of a handshake, as far as `through`, and answers Pings.
 * @typeParam C the versions of eth and snap that it may come to speak, as `'eth/69' | 'snap/1'`
 */
export class ScriptedPeer<C extends SubCap = SubCap> extends Speaker<C> {
  readonly #options: ScriptedPeerOptions
  readonly #actor: Actor<typeof scriptedPeerMachine>

  /**
   * @param link how to connect, and to whom; without it the peer waits to be given a stream
   * @throws {TypeError} `options.hello` or `options.status` has a field that its message does not have
   */
  constructor(options: ScriptedPeerOptions = {}, { connect, remotePublicKey }: Link = {}) {
    super(options, remotePublicKey)
    if (typeof options.status === 'object') checkFieldNames('Status', options.status)
    this.#options = options
    this.#actor = this.#start(connect)
  }

  /** The states it has come to, in order: `securing.agreeing`, with when. */
  get states(): readonly TranscriptLine[] {
    return this.transcript.states
  }
  /** Who closed it (neither, if a bug of ours did), the reason of their Disconnect, what went wrong with the wire. */
  get end(): { readonly by: 'us' | 'them' | undefined; readonly reason?: DiscReason; readonly error?: Error } {
    const { endedBy: by, reason, error } = this.#actor.getSnapshot().context
    if (this.bug !== undefined) return { by: undefined }
    return { by, ...(reason !== undefined && { reason }), ...(error && { error }) }
  }

  /** Waits until it has come to `state`. @throws {ScriptError} it closed before, or the time is up */
  async until(state: PeerState, wait: Wait = {}): Promise<this> {
    if (!peerStates.includes(state))
      throw new TypeError(`no peer has the state ${JSON.stringify(state)}: they are ${peerStates.join(', ')}`)
    const hasCome = () => this.states.some(({ label }) => label === state || label.startsWith(`${state}.`))
    await this.transcript.until(() => hasCome() || this.isClosed, wait)
    if (hasCome()) return this
    const { reason, error } = this.end
    const label = reason === undefined ? error?.message : `they sent Disconnect, ${discReasonText(reason)}`
    const why = this.isClosed ? `it closed${label ? `: ${label}` : ''}` : this.transcript.within(wait)
    return this.transcript.fail(`never came to ${state}: ${why}`, error && { cause: error })
  }

  /** @returns whether both have come to speak `cap`: its messages are then typed by that version alone */
  speaks<K extends C>(cap: K): this is ScriptedPeer<Only<K, C>> {
    const { name, version } = toCap(cap)
    return (name === 'eth' ? this.version : this.snapVersion) === version
  }

  /** Sends a request and waits for its answer. @throws {ScriptError} none came */
  request<R extends SubMessageIn<C, SubRequestName>>(message: R, wait?: Wait): Promise<Answer<R['kind'], C>>
  request<N extends SubRequestNameIn<C>>(name: N, fields: FieldsOf<N, C>, wait?: Wait): Promise<Answer<N, C>>
  async request(what: SubRequestName | SubRequest, fields: object = {}, wait?: Wait): Promise<unknown> {
    if (typeof what === 'object') return this.#ask(what, fields)
    return this.#ask(toMessage(what, fields, () => this.nextId()) as SubRequest, wait)
  }

  /**
   * Waits for the first unread message of `name` that is as `match` says; others stay unread.
   * @throws {ScriptError} none came, or one that is malformed; the message has the exchange so far
   */
  expect<N extends PeerMessageName<C>>(
    name: N,
    match?: Match<PeerMessage<N, C>>,
    wait?: Wait,
  ): Promise<PeerMessage<N, C>> {
    return this.#hear(name, match as Match<PeerMessage<N>>, wait) as Promise<PeerMessage<N, C>>
  }

  /** Waits for their Disconnect. @throws {ScriptError} none came, or with another reason */
  async expectDisconnect(reason?: Reason, wait?: Wait): Promise<DiscReason> {
    const wanted = reason === undefined ? undefined : toReason(reason)
    const got = await this.#hear('Disconnect', {}, wait)
    if (wanted !== undefined && got.reason !== wanted)
      this.transcript.fail(`${reasonLabel(got.reason)} where ${reasonLabel(wanted)} was expected`)
    return got.reason
  }

  /** Listens on for `ms`, in which they neither say anything but Ping nor hang up. @throws {ScriptError} they did */
  async expectSilence(ms: number): Promise<void> {
    const before = this.isClosed ? undefined : this.transcript.lastHeard
    let broken: TranscriptLine | undefined
    const isBroken = () => {
      const { lastHeard } = this.transcript // asked at each, so none is missed
      if (lastHeard !== before && lastHeard?.label !== 'Ping') broken ??= lastHeard
      return broken !== undefined
    }
    await this.transcript.until(isBroken, { timeout: ms })
    if (broken) this.transcript.fail(`${broken.label} in what was to be ${ms} ms of silence`)
  }

  /** @returns the first unread message that is `wanted`, its payload as it came @throws {ScriptError} none came */
  next(wanted: string | ((message: Received) => boolean), wait?: Wait): Promise<Received> {
    if (typeof wanted === 'function') return this.transcript.next('such message', wanted, wait)
    return this.transcript.next(wanted, ({ name }) => name === wanted, wait)
  }

  /** @throws {ScriptError} it is still open when the time is up */
  async closed(wait: Wait = {}): Promise<void> {
    await this.transcript.until(() => this.isClosed, wait)
    if (!this.isClosed) this.transcript.fail(`it did not close ${this.transcript.within(wait)}`)
  }

  /** Listens on for `ms`, or until the connection closes. */
  listen(ms: number): Promise<void> {
    return this.transcript.until(() => this.isClosed, { timeout: ms })
  }

  /** Does the encryption handshake, where `through` stops before it. @throws {ScriptError} it failed */
  async rlpx(wait?: Wait): Promise<void> {
    this.dispatch({ type: 'script.secure' })
    await this.until('greeting', wait)
  }

  /** Says Hello and hears theirs, where `through` stops before it. @throws {ScriptError} no Hello came */
  async hello(fields?: Partial<Hello>, wait?: Wait): Promise<Hello> {
    this.sendHello(fields)
    return this.#hear('Hello', {}, wait)
  }

  /**
   * Hears their Status and says the same, but for what `change` makes of it, where `through` stops before it.
   * @throws {ScriptError} none came
   */
  async status(change: StatusOption<C> = 'mirror', wait?: Wait): Promise<SubMessageIn<C, 'Status'>> {
    const theirs = await this.#hear('Status', {}, wait)
    this.say('Status', { ...theirs, ...fieldsOf(change as StatusOption, theirs) })
    return theirs as SubMessageIn<C, 'Status'>
  }

  /** Hangs up without a word. */
  close(): void {
    this.dispatch({ type: 'script.close' })
    this.transcript.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
  }

  protected override dispatch(event: ScriptedPeerEvent): void {
    if (this.#actor.getSnapshot().status === 'active') this.#actor.send(event)
  }

  async #hear<N extends PeerMessageName>(
    name: N,
    match: Match<PeerMessage<N>> = {},
    wait?: Wait,
  ): Promise<PeerMessage<N>> {
    checkName(name)
    const read = ({ payload }: Received) => this.messages.decode(name, payload)
    const { payload } = await this.transcript.next(
      `${name}${describeMatch(match)}`,
      (one) => {
        const message = one.name === name ? read(one) : undefined
        return one.name === name && (message === undefined || isMatch(message, match))
      },
      wait,
    )
    try {
      return this.messages.read(name, payload)
    } catch (cause) {
      if (!isRemoteFault(cause)) throw cause
      return this.transcript.fail(`a ${name} that is malformed`, { cause })
    }
  }

  async #ask(request: SubRequest, wait?: Wait): Promise<unknown> {
    this.say(request.kind, request)
    return this.#hear(answerOf[request.kind], ({ id }) => id === request.id, wait)
  }

  #start(connect: Link['connect']): Actor<typeof scriptedPeerMachine> {
    const { through = 'status', answerPings = true, status, parent } = this.#options
    const dialing = new AbortController()
    const hasStatus = typeof status === 'object' && isWhole(status)
    const actor = startActor(this.runtime, scriptedPeerMachine, {
      id: this.id,
      crashed: (error) => {
        dialing.abort()
        this.crash(error)
      },
      ...(parent !== undefined && { parent }),
      input: (send) => ({
        ...{ through, hasStatus, answersPings: answerPings, isDialing: connect !== undefined },
        ports: {
          connect: () => {
            const connected = connect!(dialing.signal).then(
              (stream) => this.adopt(stream),
              (error: Error) => {
                send({ type: 'dial.failed', error })
                this.transcript.close()
              },
            )
            connected.catch((error) => this.broke(error))
          },
          secure: () => this.secure(),
          sayHello: () => this.sendHello(),
          sayStatus: () => this.#sayStatus(),
          sendPong: () => this.say('Pong'),
          hangUp: () => {
            this.hangUp()
            dialing.abort()
          },
        },
      }),
    })
    let last = ''
    const note = (value: unknown) => {
      const state = describeState(value)
      if (state !== last) this.transcript.enter(state)
      last = state
    }
    note(actor.getSnapshot().value)
    actor.subscribe({ next: ({ value }) => note(value), error: () => {} })
    return actor
  }

  #sayStatus(): void {
    const { status = 'mirror' } = this.#options
    const theirs = this.theirStatus as Status | undefined
    const version = this.version!
    try {
      this.say('Status', { version, ...theirs, ...fieldsOf(status, theirs) })
    } catch (error) {
      // The script's own function threw: waits for this peer fail.
      this.dispatch({ type: 'script.close', error: error as Error })
      this.transcript.close()
    }
  }
}

const reasonLabel = (reason: DiscReason): string => `${hex('disc', reason)} (${discReasonText(reason)})`

const fieldsOf = (status: StatusOption, theirs: Status | undefined): StatusFields =>
  status === 'mirror' ? {} : typeof status === 'function' ? status(theirs!) : status

/** Nothing of it is theirs. */
const isWhole = ({ networkId, genesis, forkId, range, td, head }: StatusFields): boolean =>
  networkId !== undefined && !!genesis && !!forkId && (!!range || (td !== undefined && !!head))
