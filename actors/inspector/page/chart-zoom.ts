import type { RefObject } from 'preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'

/** Somewhere in the frame, in pixels from its corner. */
type Spot = { readonly x: number; readonly y: number }

/** How large the chart is in its frame, and which part is seen: it is dragged with a mouse, Ctrl and the wheel zoom. */
export function useZoom(ref: RefObject<HTMLDivElement | null>) {
  const [zoom, setZoom] = useState(1)
  /** What stays where it is while the size changes. */
  const anchor = useRef<(Spot & { readonly growth: number }) | undefined>(undefined)

  const zoomBy = (growth: number, spot?: Spot) => {
    const frame = ref.current
    if (!frame) return
    const next = Math.min(largest, Math.max(smallest, zoom * growth))
    const { x, y } = spot ?? { x: frame.clientWidth / 2, y: frame.clientHeight / 2 }
    anchor.current = { x, y, growth: next / zoom }
    setZoom(next)
  }
  const latest = useRef(zoomBy)
  latest.current = zoomBy

  useLayoutEffect(() => {
    const frame = ref.current
    if (!frame || !anchor.current) return
    const { x, y, growth } = anchor.current
    anchor.current = undefined
    frame.scrollLeft = (frame.scrollLeft + x) * growth - x
    frame.scrollTop = (frame.scrollTop + y) * growth - y
  }, [zoom])

  useEffect(() => {
    const frame = ref.current
    if (!frame) return
    const spotOf = ({ clientX, clientY }: MouseEvent): Spot => {
      const { left, top } = frame.getBoundingClientRect()
      return { x: clientX - left, y: clientY - top }
    }
    const wheel = (event: WheelEvent) => {
      if (!event.ctrlKey && !event.metaKey) return
      event.preventDefault() // it would zoom the page
      latest.current(Math.exp(-event.deltaY / 300), spotOf(event))
    }
    frame.addEventListener('wheel', wheel, { passive: false })
    const release = drag(frame)
    return () => {
      frame.removeEventListener('wheel', wheel)
      release()
    }
  }, [])

  return { zoom, zoomBy, zoomTo: setZoom }
}

const [smallest, largest] = [0.02, 6]

/** Moves what a frame shows as the mouse is dragged; what is only clicked is clicked. A finger scrolls anyway. */
function drag(frame: HTMLElement): () => void {
  let from: (Spot & { readonly left: number; readonly top: number }) | undefined
  let isMoved = false
  const down = ({ button, pointerType, clientX, clientY }: PointerEvent) => {
    isMoved = false
    if (button === 0 && pointerType === 'mouse')
      from = { x: clientX, y: clientY, left: frame.scrollLeft, top: frame.scrollTop }
  }
  const move = ({ clientX, clientY, pointerId }: PointerEvent) => {
    if (!from) return
    const [right, below] = [clientX - from.x, clientY - from.y]
    if (!isMoved && Math.hypot(right, below) < 4) return
    if (!isMoved) frame.setPointerCapture(pointerId)
    isMoved = true
    frame.dataset.dragged = ''
    frame.scrollTo(from.left - right, from.top - below)
  }
  const up = () => {
    from = undefined
    delete frame.dataset.dragged
  }
  const click = (event: MouseEvent) => isMoved && event.stopPropagation()
  frame.addEventListener('pointerdown', down)
  frame.addEventListener('pointermove', move)
  frame.addEventListener('pointerup', up)
  frame.addEventListener('pointercancel', up)
  frame.addEventListener('click', click, { capture: true })
  return () => {
    frame.removeEventListener('pointerdown', down)
    frame.removeEventListener('pointermove', move)
    frame.removeEventListener('pointerup', up)
    frame.removeEventListener('pointercancel', up)
    frame.removeEventListener('click', click, { capture: true })
  }
}
