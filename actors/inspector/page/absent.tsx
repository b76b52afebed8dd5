/** Where the chosen actor is not in the picture: not yet born, or forgotten. */
export function Absent({ actor }: { readonly actor: string | undefined }) {
  return <p class="empty">{actor === undefined ? 'Choose an actor.' : `At this moment there is no ${actor}.`}</p>
}
