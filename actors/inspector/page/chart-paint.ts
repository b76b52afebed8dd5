import { statePaths } from './state-paths.ts'
import { moment } from './words.ts'

/** Of each transition that was taken, by its name: how often, and when last. */
export type Wear = ReadonlyMap<string, readonly [count: number, at: number]>

/** Lights the states that are active. */
export function lightUp(sheet: HTMLElement, state: string): void {
  const active = new Set(statePaths(state))
  let innermost: Element | undefined
  const words = sheet.querySelectorAll('.words') // as many as states, in their order
  for (const [index, element] of sheet.querySelectorAll<SVGElement>('[data-state]').entries()) {
    const isActive = active.has(element.dataset.state ?? '')
    element.classList.toggle('lit', isActive)
    words[index]?.classList.toggle('lit', isActive)
    if (isActive) innermost = element
  }
  if (innermost) reveal(sheet.parentElement!, innermost)
}

/**
 * Writes how often each transition was taken, and shows those that were taken last.
 *
 * @param last names of transitions of the newest event
 */
export function mark(sheet: HTMLElement, wear: Wear, last: readonly string[]): void {
  for (const element of sheet.querySelectorAll<SVGElement>('[data-edge]')) {
    const name = element.dataset.edge ?? ''
    const [count, at] = wear.get(name) ?? [0, 0]
    element.classList.toggle('worn', count > 0)
    element.classList.toggle('last', last.includes(name))
    element.querySelector('.badge')!.textContent = count > 0 ? `${count}` : ''
    element.setAttribute('role', 'button')
    element.setAttribute('tabindex', '0')
    element.setAttribute(
      'aria-label',
      count > 0 ? `${name}: ${count} times, last at ${moment(at)} s` : `${name}: never`,
    )
  }
  for (const arrow of sheet.querySelectorAll<SVGElement>('[data-arrow]')) {
    const has = (what: string) => sheet.querySelector(`[data-of="${arrow.dataset.arrow}"] .${what}`) !== null
    arrow.classList.toggle('worn', has('worn'))
    arrow.classList.remove('last')
    arrow.getBoundingClientRect() // what comes next begins its animation anew
    arrow.classList.toggle('last', has('last'))
  }
}

/** Scrolls no further than it must. */
function reveal(frame: HTMLElement, element: Element): void {
  const [outer, inner] = [frame.getBoundingClientRect(), element.getBoundingClientRect()]
  if (inner.bottom > outer.bottom || inner.top < outer.top) frame.scrollTop += inner.top - outer.top - 60
  if (inner.right > outer.right || inner.left < outer.left) frame.scrollLeft += inner.left - outer.left - 40
}
