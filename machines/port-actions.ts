/** A port as an action: what it is called with is the action's params. */
type PortAction<Ports, Port> = Port extends () => unknown
  ? (args: { context: { readonly ports: Ports } }) => void
  : Port extends (params: infer Params) => unknown
    ? (args: { context: { readonly ports: Ports } }, params: Params) => void
    : never

type PortActions<Ports, Name extends keyof Ports> = { [Each in Name]: PortAction<Ports, Ports[Each]> }

/**
 * @returns a function that makes effects of ports, for `setup`: each effect calls the port of its name
 * @example actions: { ...portActions<PeerPorts>()('secure', 'askServer'), identify: assign(…) }
 */
export const portActions =
  <Ports>() =>
  <Name extends keyof Ports & string>(...names: readonly Name[]): PortActions<Ports, Name> => {
    type Call = (args: { context: { readonly ports: Ports } }, params: unknown) => void
    const call =
      (name: Name): Call =>
      ({ context: { ports } }, params) =>
        void (ports[name] as (params: unknown) => unknown).call(ports, params)
    return Object.fromEntries(names.map((name) => [name, call(name)])) as PortActions<Ports, Name>
  }

/** @returns an effect, or a guard, whose params are the event itself */
export const ofEvent = <const Name extends string>(type: Name) => ({ type, params: itself }) as const

const itself = <Event>({ event }: { event: Event }): Event => event
