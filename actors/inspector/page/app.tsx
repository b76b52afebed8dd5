import { ChartView } from './chart-view.tsx'
import { Detail } from './detail.tsx'
import { Help } from './help.tsx'
import { MessagesView } from './messages-view.tsx'
import { NetworkView } from './network-view.tsx'
import type { Props } from './props.ts'
import { Timeline } from './timeline.tsx'
import { TopBar } from './top-bar.tsx'
import { Tree } from './tree.tsx'
import { WhyView } from './why-view.tsx'

export function App({ session }: Props) {
  const { place, scene, complaint } = session
  return (
    <div
      class="shell"
      data-view={place.view}
      data-link={session.state}
      data-moment={place.seq === undefined ? 'live' : session.past ? 'past' : 'going'}
    >
      <TopBar session={session} />
      <Tree session={session} />
      <main class="view" id="view">
        {scene ? <View session={session} key={place.view} /> : <Waiting session={session} />}
        {session.state === 'lost' && scene && (
          <p class="complaint" role="alert">
            {lost}
          </p>
        )}
        {complaint !== undefined && session.state !== 'lost' && (
          <p class="complaint" role="alert">
            {complaint}
          </p>
        )}
      </main>
      {place.line !== undefined && scene && <Detail session={session} key={place.line} />}
      <Timeline session={session} />
      {session.isHelpOpen && <Help session={session} />}
    </div>
  )
}

function View({ session }: Props) {
  const { view } = session.place
  if (view === 'messages') return <MessagesView session={session} key={session.scope} />
  if (view === 'why') return <WhyView session={session} />
  if (view === 'network') return <NetworkView session={session} />
  return <ChartView session={session} />
}

function Waiting({ session }: Props) {
  const texts = { connecting: 'Connecting to the node …', open: 'Waiting for the picture …', lost }
  return <p class="empty">{texts[session.state]}</p>
}

const lost =
  'The node does not answer; it is tried again. A node that was started anew has another address: it prints it.'
