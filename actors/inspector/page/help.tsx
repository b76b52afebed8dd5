import { useEffect, useRef } from 'preact/hooks'
import { fields } from './filter.ts'
import { keys } from './keys.ts'
import type { Props } from './props.ts'

export function Help({ session }: Props) {
  const ref = useRef<HTMLDialogElement>(null)
  useEffect(() => ref.current?.showModal(), [])
  return (
    <dialog
      class="help"
      ref={ref}
      aria-labelledby="help-title"
      onClose={() => session.isHelpOpen && session.toggleHelp()}
    >
      <h2 id="help-title">Keys</h2>
      <dl class="keys">
        {keys.map(([key, what]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <h2>Search</h2>
      <p>
        Terms that must all be found, anywhere or in one field:{' '}
        {Object.keys(fields)
          .map((name) => `${name}:`)
          .join(' ')}
        <br />
        <code>is:peer is:ended is:bug</code>, <code>client:geth state:running</code>, <code>protocol:eth/69</code>
      </p>
      <h2>What it costs the node</h2>
      <p>
        The page only reads. The node keeps a history of a bounded number of bytes; the slider goes over it. When a page
        cannot follow, lines are left out and counted as dropped: the node never waits for it.
      </p>
      <form method="dialog">
        <button type="submit" class="button">
          Close
        </button>
      </form>
    </dialog>
  )
}
