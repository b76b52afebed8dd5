import type { View } from './place.ts'
import type { Session } from './session.ts'

/** What the keyboard does, as the help lists it. */
export const keys: readonly (readonly [key: string, what: string])[] = [
  ['/', 'search the actors'],
  ['↑ ↓', 'the actor before, after'],
  ['← →', 'in the tree: close, open'],
  ['1 … 4', 'chart, messages, why, network'],
  ['Space', 'hold the picture, or back to live'],
  [', .', 'one line back, one on (with Shift: 100)'],
  ['Esc', 'close what is open; back to live'],
  ['?', 'this help'],
]

const viewOf: Readonly<Record<string, View>> = { 1: 'chart', 2: 'messages', 3: 'why', 4: 'network' }
const steps: Readonly<Record<string, number>> = { ',': -1, '.': 1, '<': -100, '>': 100, ';': -100, ':': 100 }

/** Whether a key presses what has the focus, as it presses a button; the page is not scrolled by it. */
export function isPress(event: KeyboardEvent): boolean {
  const isOne = event.key === 'Enter' || event.key === ' '
  if (isOne) event.preventDefault()
  return isOne
}

/** Keys that work anywhere but where somebody types. */
export function listenToKeys(session: Session, draw: () => void): void {
  addEventListener('keydown', (event) => {
    const target = event.target as HTMLElement
    if (event.ctrlKey || event.metaKey || event.altKey) return
    if (target.matches('input:not([type=range]), textarea, select')) {
      if (event.key === 'Escape') target.blur()
      return
    }
    if (event.key === ' ' && target.matches('button, summary, a, [role=button]')) return
    if (!act(event.key)) return
    event.preventDefault()
    draw()
  })

  function act(key: string): boolean {
    const view = viewOf[key]
    const step = steps[key]
    if (view !== undefined) session.go({ view })
    else if (step !== undefined) stepBy(session, step)
    else if (key === '/') document.querySelector<HTMLInputElement>('#search')?.focus()
    else if (key === ' ') session.togglePause()
    else if (key === '?') session.toggleHelp()
    else if (key === 'Escape') session.leave()
    else return false
    return true
  }
}

/** A moment so many lines away, within the history. */
function stepBy(session: Session, lines: number): void {
  const { present, place } = session
  if (!present) return
  const seq = (place.seq ?? present.now.seq) + lines
  session.go({ seq: seq >= present.now.seq && lines > 0 ? undefined : Math.max(present.oldest.seq, seq) })
}
