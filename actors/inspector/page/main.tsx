import { render } from 'preact'
import { App } from './app.tsx'
import { listenToKeys } from './keys.ts'
import { Session } from './session.ts'
import { applyTheme } from './theme.ts'

applyTheme()

let isDrawing = false
/** However many changes come, the page is drawn once a frame. */
function draw(): void {
  if (isDrawing) return
  isDrawing = true
  requestAnimationFrame(() => {
    isDrawing = false
    document.title = [session.place.actor, 'Peerchart'].filter(Boolean).join(' · ')
    render(<App session={session} />, document.body)
  })
}

const url = new URL('./feed', location.href)
url.protocol = 'ws:'

const session = new Session(url, draw)
listenToKeys(session, draw)
draw()
