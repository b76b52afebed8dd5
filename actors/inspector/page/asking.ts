import { useEffect, useRef, useState } from 'preact/hooks'

/**
 * What the node answered last. Asked again whenever `key` changes, one question at a time, not more often than `pause` ms:
 * what was known stays until there is better.
 *
 * @param subject another one begins with nothing known
 */
export function useAnswer<Answer>(
  subject: string,
  key: string,
  ask: () => Promise<Answer | undefined>,
  pause = 250,
): Answer | undefined {
  const [known, setKnown] = useState<{ readonly subject: string; readonly answer: Answer }>()
  const wanted = useRef('')
  const isAsking = useRef(false)
  const latest = useRef(ask)
  latest.current = ask
  wanted.current = `${subject} ${key}`
  useEffect(() => {
    if (isAsking.current) return
    const run = async () => {
      const asked = wanted.current
      const answer = await latest.current()
      if (answer !== undefined) setKnown({ subject: asked.slice(0, asked.indexOf(' ')), answer })
      await new Promise((resolve) => setTimeout(resolve, pause))
      if (asked !== wanted.current && isAsking.current) return run()
      isAsking.current = false
      return undefined
    }
    isAsking.current = true
    void run()
  }, [subject, key])
  useEffect(
    () => () => {
      isAsking.current = false
    },
    [],
  )
  return known?.subject === subject ? known.answer : undefined
}
