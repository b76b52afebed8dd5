import { useState } from 'preact/hooks'
import { some } from './labels.ts'
import type { View } from './place.ts'
import type { Props } from './props.ts'
import { currentTheme, nextTheme, type Theme } from './theme.ts'

const tabs: readonly (readonly [View, string])[] = [
  ['actors', 'Actors'],
  ['chart', 'Chart'],
  ['messages', 'Messages'],
  ['why', 'Why'],
  ['network', 'Network'],
]
const themeSigns: Readonly<Record<Theme, string>> = { system: '◐', light: '○', dark: '●' }

export function TopBar({ session }: Props) {
  const [theme, setTheme] = useState(currentTheme())
  const { view } = session.place
  return (
    <header class="top">
      <h1 class="brand">
        <span class="mark" aria-hidden="true" />
        Peerchart
      </h1>
      <p class="client">{subjectOf(session)}</p>
      <nav class="tabs" aria-label="Views">
        {tabs.map(([name, title]) => (
          <button
            type="button"
            key={name}
            class={`tab tab-${name}`}
            aria-current={view === name ? 'page' : undefined}
            onClick={() => session.go({ view: name })}
          >
            {title}
          </button>
        ))}
      </nav>
      <LinkSign session={session} />
      <button
        type="button"
        class="quiet"
        aria-label={`Colours: ${theme}`}
        title={`Colours: ${theme}`}
        onClick={() => setTheme(nextTheme())}
      >
        {themeSigns[theme]}
      </button>
      <button type="button" class="quiet" aria-label="Help" title="Help (?)" onClick={() => session.toggleHelp()}>
        ?
      </button>
    </header>
  )
}

/** Whose page it is: a node, or how many of one client. */
function subjectOf({ hello }: Props['session']): string {
  const { client = '', nodes = [] } = hello?.heading ?? {}
  const names = nodes.flatMap(({ name }) => name ?? [])
  if (names.length < 2) return client
  return `${some(names.length, 'node')} of ${client.replace(`/${names[0]}/`, '/')}`
}

function LinkSign({ session }: Props) {
  const labels = { connecting: 'connecting', open: 'connected', lost: 'no connection' }
  const text = session.hello?.isRecording && session.state === 'open' ? 'recording' : labels[session.state]
  return (
    <p class="link" role="status" data-state={session.state}>
      {text}
    </p>
  )
}
