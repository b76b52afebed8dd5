import { moment } from './labels.ts'
import { statePaths } from './state-paths.ts'

/** Of each transition that was taken, by its name: how often, and when last. */
export type Wear = ReadonlyMap<string, readonly [count: number, at: number]>

/** Lights the states that are active, and the arrows that lead on from them. */
export function lightUp(sheet: HTMLElement, state: string): void {
  const active = new Set(statePaths(state))
  for (const element of sheet.querySelectorAll<SVGElement>('[data-state], [data-label]')) {
    const isActive = active.has(element.dataset.state ?? element.dataset.label ?? '')
    element.classList.toggle('lit', isActive)
  }
  for (const arrow of sheet.querySelectorAll<SVGElement>('[data-arrow]:not(.start)'))
    arrow.classList.toggle('ready', arrow.dataset.source === '' || active.has(arrow.dataset.source ?? ''))
}

/** Writes how often each transition was taken, and for who asks, when last. */
export function count(sheet: HTMLElement, wear: Wear): void {
  for (const element of sheet.querySelectorAll<SVGElement>('[data-edge]')) {
    const name = element.dataset.edge ?? ''
    const [taken, at] = wear.get(name) ?? [0, 0]
    const label = `${name}: ${taken === 0 ? 'never' : `${times(taken)}, last at ${moment(at)} s`}`
    if (element.getAttribute('aria-label') === label) continue
    element.classList.toggle('worn', taken > 0)
    element.querySelector('.badge')!.textContent = taken > 0 ? brief(taken) : ''
    element.querySelector('title')!.textContent = label
    element.setAttribute('role', 'button')
    element.setAttribute('tabindex', '0')
    element.setAttribute('aria-label', label)
  }
  for (const arrow of sheet.querySelectorAll<SVGElement>('[data-arrow]'))
    arrow.classList.toggle('worn', labelOf(arrow)?.querySelector('.worn') != null)
}

/** Runs along the transitions of the newest event, by their names. */
export function animate(sheet: HTMLElement, last: readonly string[]): void {
  for (const element of sheet.querySelectorAll('.last')) element.classList.remove('last')
  sheet.getBoundingClientRect() // what comes next begins its animation anew
  for (const element of sheet.querySelectorAll<SVGElement>('[data-edge]')) {
    if (!last.includes(element.dataset.edge ?? '')) continue
    element.classList.add('last')
    const label = labelOf(element)
    if (label) sheet.querySelector(`[data-arrow="${label.dataset.of}"]`)?.classList.add('last')
  }
}

/** Shows which arrow a label is of, and which label an arrow has. */
export function pointOut(sheet: HTMLElement, target: Element): void {
  const [one, label] = [target.closest('[data-edge]'), labelOf(target)]
  const arrow = label && sheet.querySelector(`[data-arrow="${label.dataset.of}"]`)
  for (const element of sheet.querySelectorAll('.pointed')) element.classList.remove('pointed')
  for (const element of [one, label, arrow]) element?.classList.add('pointed')
}

/** @returns how often what is pointed at was taken, and when last: the transition, or all that share its arrow */
export function pointedOut(sheet: HTMLElement): string {
  const one = sheet.querySelector('[data-edge].pointed')
  const all = one ? [one] : [...sheet.querySelectorAll('.edge.pointed [data-edge]')]
  return all.map((element) => element.getAttribute('aria-label') ?? '').join('\n')
}

/** @returns the label of an arrow, or of the arrow whose label something is in */
export function labelOf(element: Element | null): SVGElement | undefined {
  const arrow = element?.closest<SVGElement>('[data-arrow]')
  const label = element?.closest<SVGElement>('[data-of]')
  return label ?? arrow?.ownerSVGElement?.querySelector<SVGElement>(`[data-of="${arrow.dataset.arrow}"]`) ?? undefined
}

const times = (count: number) => (count === 1 ? 'once' : `${count} times`)
/** @returns what has room behind a transition: `128`, `1.2k`, `34k` */
function brief(count: number): string {
  if (count < 1_000) return `${count}`
  return count < 10_000 ? `${(count / 1_000).toFixed(1)}k` : `${Math.round(count / 1_000)}k`
}

/** Scrolls to the innermost state that is lit, no further than it must. */
export function reveal(frame: HTMLElement): void {
  const element = [...frame.querySelectorAll('[data-state].lit')].at(-1)
  if (!element) return
  const [outer, inner] = [frame.getBoundingClientRect(), element.getBoundingClientRect()]
  if (inner.bottom > outer.bottom || inner.top < outer.top) frame.scrollTop += inner.top - outer.top - 60
  if (inner.right > outer.right || inner.left < outer.left) frame.scrollLeft += inner.left - outer.left - 40
}
