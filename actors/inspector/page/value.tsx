import { useState } from 'preact/hooks'
import type { Plain } from '../../trace/values.ts'

type ValueProps = { readonly value: Plain; readonly depth?: number }

/** Anything that a message or an event holds, as a person reads it. */
export function Value({ value, depth = 0 }: ValueProps) {
  if (value === null || typeof value !== 'object')
    return <span class={`value ${typeof value}`}>{`${value}`.replace(tooLong, '$1$2')}</span>
  if (Array.isArray(value)) return <List items={value} depth={depth} />
  const fields = value as { readonly [key: string]: Plain }
  const [tag, ...others] = Object.keys(fields)
  if (tag?.startsWith('$') && others.length === 0) return <Tagged tag={tag} value={fields[tag]!} depth={depth} />
  return <Fields fields={Object.entries(fields)} depth={depth} />
}

function Tagged({ tag, value, depth }: { readonly tag: string; readonly value: Plain; readonly depth: number }) {
  if (tag === '$bytes') return <span class="value bytes">0x{`${value}`}</span>
  if (tag === '$size') return <span class="value note">{`${value}`} bytes</span>
  if (tag === '$int' || tag === '$number') return <span class="value number">{`${value}`}</span>
  if (tag === '$undefined') return <span class="value note">none</span>
  if (tag === '$deep') return <span class="value note">…</span>
  if (tag === '$error') {
    const { name, message } = value as { readonly name?: string; readonly message?: string }
    return <span class="value error">{[name, message].filter(Boolean).join(': ')}</span>
  }
  return <Value value={value} depth={depth} />
}

/** The node sends the beginning of what is long, as a bloom is: here as much of it as of a hash is shown. */
const tooLong = /^(0x[0-9a-f]{64})[0-9a-f]+(… \(\d+ bytes\))$/

function Fields({ fields, depth }: { readonly fields: readonly (readonly [string, Plain])[]; readonly depth: number }) {
  if (fields.length === 0) return <span class="value note">empty</span>
  return (
    <dl class="fields">
      {fields.map(([name, value]) => (
        <div key={name} data-nested={isNested(value)}>
          <dt>{name}</dt>
          <dd>
            <Value value={value} depth={depth + 1} />
          </dd>
        </div>
      ))}
    </dl>
  )
}

function List({ items, depth }: { readonly items: readonly Plain[]; readonly depth: number }) {
  const [shown, setShown] = useState(depth < 2 ? 12 : 4)
  if (items.length === 0) return <span class="value note">none</span>
  return (
    <ol class="items">
      {items.slice(0, shown).map((item, index) => (
        <li key={index} data-nested={isNested(item)}>
          <Value value={item} depth={depth + 1} />
        </li>
      ))}
      {items.length > shown && (
        <li>
          <button type="button" class="more" onClick={() => setShown(shown + 100)}>
            {items.length - shown} more
          </button>
        </li>
      )}
    </ol>
  )
}

function isNested(value: Plain): boolean {
  if (value === null || typeof value !== 'object') return false
  return Array.isArray(value) ? value.length > 0 : !Object.keys(value)[0]?.startsWith('$')
}
