import { useEffect, useMemo, useState } from 'preact/hooks'
import type { ActorFacts } from '../wire.ts'
import { paceOf, toFilter } from './filter.ts'
import { briefAge, briefState, bytes, capsLabel, nameOf, remoteOf, some } from './labels.ts'
import { Lamp, PeerTrack } from './lamp.tsx'
import type { Scene } from './picture.ts'
import type { Props } from './props.ts'
import { useScrolling } from './scrolling.ts'
import { rowsBetween, type TreeRow, treeRows } from './tree-rows.ts'

/** Rows beyond what is seen, so that a key or a flick finds them drawn. */
const margin = 240

export function Tree({ session }: Props) {
  const { scene, place } = session
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set())
  const { ref, top, height } = useScrolling()
  const search = place.search ?? ''
  const filter = useMemo(() => toFilter(search), [search])
  // What passes a filter may change with every state; without one only with births and deaths.
  const rows = useMemo(
    () => (scene ? treeRows(scene, closed, filter) : []),
    [scene, scene?.shape, scene?.peers.size, closed, filter, filter && scene?.now.seq],
  )
  const [first, last] = rowsBetween(rows, top - margin, top + height + margin)
  const bottom = rows.at(-1)
  const toggle = (actor: string) => setClosed(toggled(closed, actor))
  const choose = (facts: ActorFacts) =>
    session.go({ actor: facts.actor, line: undefined, ...(place.view === 'actors' && { view: 'chart' }) })

  const isLaidOut = rows.length > 0
  useEffect(() => {
    const row = rows.find(({ facts }) => facts.actor === place.actor)
    if (row) reveal(ref.current, row)
  }, [place.actor, isLaidOut])

  const step = (event: KeyboardEvent) => {
    const chosen = session.place.actor // not that of the last frame: keys come faster
    const at = rows.findIndex(({ facts }) => facts.actor === chosen)
    const row = rows[at]
    const isUnfolded = row?.hasChildren && row.isOpen
    if (row?.hasChildren && event.key === (row.isOpen ? 'ArrowLeft' : 'ArrowRight')) toggle(row.facts.actor)
    else {
      const next = {
        ArrowDown: rows[at + 1],
        ArrowUp: rows[Math.max(0, at - 1)],
        ArrowLeft: rows.find(({ facts }) => facts.actor === row?.facts.parent),
        ArrowRight: isUnfolded ? rows[at + 1] : undefined,
        Home: rows[0],
        End: rows.at(-1),
      }[event.key]
      if (!next) return
      session.go({ actor: next.facts.actor, line: undefined })
    }
    event.preventDefault()
  }

  return (
    <section class="tree" aria-label="Actors">
      <Search session={session} shown={rows.length} />
      <div
        class="rows"
        ref={ref}
        role="tree"
        aria-label="Actors"
        tabIndex={0}
        aria-activedescendant={place.actor && rowId(place.actor)}
        onKeyDown={step}
      >
        <div class="sizer" role="presentation" style={{ height: `${bottom ? bottom.top + bottom.height : 0}px` }}>
          {scene &&
            rows
              .slice(first, last)
              .map((row) => (
                <Row
                  key={row.facts.actor}
                  row={row}
                  scene={scene}
                  isChosen={row.facts.actor === place.actor}
                  choose={choose}
                  toggle={toggle}
                />
              ))}
        </div>
        {scene && rows.length === 0 && <p class="empty">No actor is like that.</p>}
      </div>
    </section>
  )
}

const chips: readonly (readonly [term: string, title: string])[] = [
  ['is:peer', 'peers'],
  ['is:moving', 'in motion'],
  ['is:ended', 'ended'],
]

function Search({ session, shown }: Props & { readonly shown: number }) {
  const search = session.place.search ?? ''
  const set = (text: string) => session.go({ search: text.trim() === '' ? undefined : text })
  const terms = search.split(/\s+/)
  return (
    <search class="search">
      <input
        id="search"
        type="search"
        aria-label="Search actors"
        placeholder="Search: geth, state:running, eth/69 …"
        autocomplete="off"
        spellcheck={false}
        value={search}
        onInput={({ currentTarget: { value } }) => set(value)}
      />
      <div class="chips">
        {chips.map(([term, title]) => (
          <button
            type="button"
            key={term}
            class="chip"
            aria-pressed={terms.includes(term)}
            onClick={() =>
              set(terms.includes(term) ? terms.filter((one) => one !== term).join(' ') : `${search} ${term}`.trim())
            }
          >
            {title}
          </button>
        ))}
        <span class="tally">{some(shown, 'actor')}</span>
      </div>
    </search>
  )
}

type RowProps = {
  readonly row: TreeRow
  readonly scene: Scene
  readonly isChosen: boolean
  choose(facts: ActorFacts): void
  toggle(actor: string): void
}

function Row({ row, scene, isChosen, choose, toggle }: RowProps) {
  // A row was laid out with the facts of then; its state is that of now.
  const facts = scene.actors.get(row.facts.actor) ?? row.facts
  const peer = scene.peers.get(facts.actor)
  const ofSession = scene.peerOf(facts.actor)
  const pace = paceOf(facts)
  return (
    <div
      class="row"
      role="treeitem"
      tabIndex={-1}
      id={rowId(facts.actor)}
      aria-level={row.depth + 1}
      aria-selected={isChosen}
      aria-expanded={row.hasChildren ? row.isOpen : undefined}
      data-actor={facts.actor}
      data-pace={pace}
      data-peer={peer !== undefined}
      style={{ top: `${row.top}px`, height: `${row.height}px`, paddingInlineStart: `${10 + row.depth * 16}px` }}
      onClick={() => choose(facts)}
      onKeyDown={(event) => event.key === 'Enter' && choose(facts)}
    >
      <button
        type="button"
        class="twisty"
        tabIndex={-1}
        aria-hidden={!row.hasChildren}
        aria-label={row.isOpen ? 'Close' : 'Open'}
        disabled={!row.hasChildren}
        onClick={(event) => {
          event.stopPropagation()
          toggle(facts.actor)
        }}
      />
      {peer ? <PeerTrack facts={facts} /> : <Lamp pace={pace} key={facts.count} />}
      <span class="name">
        {facts.bug !== undefined && (
          <b class="bug" title={`a bug of ours: ${facts.bug}`}>
            bug{' '}
          </b>
        )}
        {peer ? remoteOf(peer) : nameOf(facts)}
        {!peer && ofSession && <small> {remoteOf(ofSession)}</small>}
      </span>
      <span class="state" key={facts.state}>
        {facts.stoppedAt === undefined ? briefState(facts.state) : 'ended'}
      </span>
      {peer && (
        <span class="facts">
          <span>{[nameOf(facts), directionOf(peer.inbound)].filter(Boolean).join(' ')}</span>
          <span title={peer.caps && `offers ${peer.caps.join(' ')}`}>
            {peer.speaks?.join(' ') ?? (peer.caps ? capsLabel(peer.caps) : peer.address)}
          </span>
          <span>{briefAge((facts.stoppedAt ?? scene.now.at) - facts.startedAt)}</span>
          <span>
            ↓{bytes(peer.received[0])} ↑{bytes(peer.sent[0])}
          </span>
        </span>
      )}
    </div>
  )
}

const rowId = (actor: string) => `row ${actor}`.replaceAll(/\s/g, '_')
const directionOf = (inbound: boolean | undefined) => (inbound === undefined ? '' : inbound ? 'in' : 'out')

function reveal(frame: HTMLElement | null, { top, height }: TreeRow): void {
  if (!frame) return
  if (top < frame.scrollTop) frame.scrollTop = top
  else if (top + height > frame.scrollTop + frame.clientHeight) frame.scrollTop = top + height - frame.clientHeight
}

function toggled(set: ReadonlySet<string>, item: string): Set<string> {
  const copy = new Set(set)
  if (!copy.delete(item)) copy.add(item)
  return copy
}
