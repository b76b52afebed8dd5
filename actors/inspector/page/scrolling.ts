import { useLayoutEffect, useRef, useState } from 'preact/hooks'

/** What is seen of something taller than its frame. */
export function useScrolling() {
  const ref = useRef<HTMLDivElement>(null)
  const [view, setView] = useState({ top: 0, height: 800, width: 800 })
  useLayoutEffect(() => {
    const frame = ref.current
    if (!frame) return
    const look = () => setView({ top: frame.scrollTop, height: frame.clientHeight, width: frame.clientWidth })
    look()
    frame.addEventListener('scroll', look, { passive: true })
    const observer = new ResizeObserver(look)
    observer.observe(frame)
    return () => {
      frame.removeEventListener('scroll', look)
      observer.disconnect()
    }
  }, [])
  return { ref, ...view }
}
