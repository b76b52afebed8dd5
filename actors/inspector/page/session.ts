import type { Departed, Hello, PageMessage, ShownLine } from '../wire.ts'
import { LineWindow } from './line-window.ts'
import { Link, type LinkState } from './link.ts'
import { Scene } from './picture.ts'
import { formatPlace, moved, type Place, parsePlace } from './place.ts'

/** What the page knows and where it is: the one thing that its views read. */
export class Session {
  readonly link: Link
  state: LinkState = 'connecting'
  hello: Omit<Hello, 'picture' | 'push' | 'endings' | 'departures'> | undefined
  present: Scene | undefined
  /** The moment of {@link Place.seq}, once it came. */
  past: Scene | undefined
  place: Place = parsePlace(location.hash)
  /** Whether the address names no place. */
  #isBare = location.hash === ''
  /** Lines of what the view looks at: {@link scope}. */
  window = new LineWindow()
  dropped = 0
  /** Lines at which a peer left. BOUNDED: mostEndings, the last. */
  endings: readonly number[] = []
  /** Connections that are over, the oldest first. BOUNDED: mostDepartures, the last. */
  departures: readonly Departed[] = []
  isHelpOpen = false
  /** The last question that had no answer, as a sentence. */
  complaint: string | undefined
  #scope: string | undefined
  /** Lines that were left out before the window was opened: those after it are gaps in it. */
  #droppedBefore = 0
  #noting: number | undefined
  #isAskingPast = false
  #isAskingOlder = false
  readonly #changed: () => void

  /** @param changed is called when something is to be drawn anew */
  constructor(url: URL, changed: () => void) {
    this.#changed = changed
    this.link = new Link(url, {
      changed: (state) => {
        this.state = state
        changed()
      },
      pushed: (push) => this.#take(push),
    })
    addEventListener('popstate', () => this.#move(parsePlace(location.hash)))
  }

  /** What is shown: the past where one looks at it and it has come, else the present. */
  get scene(): Scene | undefined {
    return (this.place.seq === undefined ? undefined : this.past) ?? this.present
  }

  /** The actor whose lines the view wants: the chosen one, and for messages the peer or node that it belongs to. */
  get scope(): string | undefined {
    const { place, scene } = this
    if (!scene) return undefined
    const chosen = place.actor ?? this.#firstNode()
    if (place.view !== 'messages' || chosen === undefined) return chosen
    return scene.peerOf(chosen)?.actor ?? scene.lineageOf(chosen).at(-1)?.actor ?? chosen
  }

  /** Another place: what is not named stays as it is. Choices are steps for `back`, moments are not. */
  go(change: Partial<Place>): void {
    const place = moved(this.place, change, this.present?.now.seq)
    if (formatPlace(place) === formatPlace(this.place)) return
    this.#note('view' in change || 'actor' in change)
    this.#move(place)
  }

  /** Holds the picture as it is now, or lets it go on. */
  togglePause(): void {
    const { seq } = this.place
    if (this.present) this.go({ seq: seq === undefined ? this.present.now.seq : undefined })
  }

  toggleHelp(): void {
    this.isHelpOpen = !this.isHelpOpen
    this.#changed()
  }

  /** Out of the innermost thing that is open. */
  leave(): void {
    if (this.isHelpOpen) this.toggleHelp()
    else if (this.place.line !== undefined) this.go({ line: undefined })
    else this.go({ seq: undefined })
  }

  /** Lines before those of the window. */
  async older(): Promise<void> {
    const [first] = this.window.lines
    if (this.#isAskingOlder || !this.window.hasMore || !first) return
    this.#isAskingOlder = true
    const { window } = this
    const lines = await this.#lines({ before: first.seq })
    this.#isAskingOlder = false
    if (lines && window === this.window) window.prepend(lines)
    this.#changed()
  }

  /** A question whose failure is shown, not thrown. */
  async ask<Answer>(question: Promise<Answer>): Promise<Answer | undefined> {
    try {
      return await question
    } catch (error) {
      this.complain(error instanceof Error ? error.message : `${error}`)
      return undefined
    }
  }

  complain(text: string): void {
    this.complaint = text
    this.#changed()
  }

  /** Browsers refuse an address that changes with every pixel of a slider. */
  #note(isStep: boolean): void {
    if (isStep) history.pushState(null, '', location.hash)
    this.#noting ??= setTimeout(() => {
      this.#noting = undefined
      history.replaceState(null, '', formatPlace(this.place))
    }, 100)
  }

  #take(push: PageMessage): void {
    if (push.push === 'hello') {
      const { push: _, picture, endings, departures, ...hello } = push
      this.hello = hello
      this.present = new Scene(picture)
      this.endings = endings.slice(-mostEndings)
      this.departures = departures.slice(-mostDepartures)
      this.past = undefined
      this.#scope = undefined
      const { opening } = hello
      this.#move(this.#isBare && opening !== undefined ? { ...this.place, seq: opening } : this.place)
      this.#isBare = false
    } else if (push.push === 'changes' && this.present) {
      const { present } = this
      present.apply(push)
      this.dropped = push.dropped
      if (push.endings.length > 0) this.endings = [...this.endings, ...push.endings].slice(-mostEndings)
      this.#addDepartures(push.departures)
      this.window.append(push.lines.filter((line) => this.#isInScope(line)))
      if (push.started.length > 0) this.#watch()
    }
    this.#changed()
  }

  /** Those that left just before this page was opened come twice. */
  #addDepartures(departures: readonly Departed[]): void {
    const last = this.departures.at(-1)?.seq ?? 0
    const others = departures.filter(({ seq }) => seq > last)
    if (others.length > 0) this.departures = [...this.departures, ...others].slice(-mostDepartures)
  }

  #move(place: Place): void {
    const { view, seq } = this.place
    this.place = place
    this.complaint = undefined
    if (place.seq === undefined) this.past = undefined
    else if (place.seq !== this.past?.now.seq) this.#askPast()
    const isBack = seq !== undefined && place.seq === undefined
    const hasGaps = seq === undefined && place.seq !== undefined && this.dropped > this.#droppedBefore
    if (this.scope !== this.#scope || view !== place.view || isBack || hasGaps || !this.#covers(place.seq))
      this.#rescope()
    this.#changed()
  }

  /** Whether the window has the lines around a moment. */
  #covers(seq: number | undefined): boolean {
    const { lines, isWhole } = this.window
    if (seq === undefined) return true
    return lines.length > 0 && (isWhole || lines[0]!.seq <= seq)
  }

  #rescope(): void {
    this.#scope = this.scope
    this.#droppedBefore = this.dropped
    this.window = new LineWindow()
    this.#watch()
    const { window } = this
    const { seq } = this.place
    void this.#lines(seq === undefined ? {} : { before: seq + 1 }).then((lines) => {
      if (!lines || window !== this.window) return
      const since = window.lines
      window.lines = []
      window.append(lines)
      window.append(since)
      window.isWhole = lines.length === 0
      this.#changed()
    })
  }

  /** A chart has the life of one actor; messages go between all that are beneath it. */
  get #isOwn(): boolean {
    return this.place.view !== 'messages'
  }

  #watch(): void {
    const { present } = this
    const scope = this.#scope
    if (!present || this.hello?.isRecording) return
    const actors = scope === undefined ? [] : present.beneath(scope, this.#isOwn ? 1 : mostWatched, true)
    this.link.say({ ask: 'watch', actors })
    // Where there are more than can be watched, their messages at least: with them come those of all other nodes.
    this.link.say({ ask: 'messages', isOn: actors.length === mostWatched })
  }

  async #lines(where: { before?: number }): Promise<readonly ShownLine[] | undefined> {
    const actor = this.#scope
    if (actor === undefined) return undefined
    const answer = await this.ask(this.link.ask('lines', { actor, ownOnly: this.#isOwn, limit: 500, ...where }))
    return answer?.lines
  }

  /** One picture is on its way at most; the newest wish is asked for next. */
  #askPast(): void {
    const { seq } = this.place
    if (this.#isAskingPast || seq === undefined || !this.present) return
    this.#isAskingPast = true
    void this.ask(this.link.ask('picture', { seq })).then((answer) => {
      this.#isAskingPast = false
      const wanted = this.place.seq
      if (answer && wanted !== undefined) {
        this.past = new Scene({ ...answer.picture, seq })
        if (this.scope !== this.#scope) this.#rescope()
        if (wanted !== seq) this.#askPast()
      }
      this.#changed()
    })
  }

  #isInScope(line: ShownLine): boolean {
    const { actor } = line
    const { present } = this
    if (!present || this.#scope === undefined) return false
    if (this.#isOwn) return actor === this.#scope && !('protocol' in line)
    return present.isWithin(actor, this.#scope)
  }

  #firstNode(): string | undefined {
    return this.scene?.actors.keys().next().value
  }
}

const mostWatched = 64
/** Ticks of the slider: more are one line. */
const mostEndings = 500
/** As many as the node remembers. */
const mostDepartures = 1_000
