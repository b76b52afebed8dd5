/** Where a name was given before: the names that lead there, outermost first. */
export type JsonPath = readonly string[]

/**
 * Reads JSON in which an object may have a name twice, as Go's encoding/json fills a struct: the last value counts, and an
 * object goes into the one that is there.
 * @param text valid JSON
 * @param isFilled whether an object at that place goes into the one that is there; else it takes its place
 * @returns objects without a prototype; and where a name was given again, the first {@link maxReported} of them
 */
export function readTwice(
  text: string,
  isFilled: (path: JsonPath) => boolean,
): { readonly value: unknown; readonly twice: readonly JsonPath[] } {
  const twice: JsonPath[] = []
  const open: Open[] = [{ items: [], key: undefined }]
  const path = () => open.flatMap(({ key }) => (key === undefined ? [] : [key]))
  for (const [token] of text.matchAll(tokens)) {
    const around = open.at(-1)!
    if (token === ',' || token === ':') continue
    if (token === '}' || token === ']') {
      open.pop()
      settle(open.at(-1)!)
    } else if ('fields' in around && around.key === undefined) {
      around.key = valueOfToken(token) as string
      if (around.key in around.fields && twice.length < maxReported) twice.push(path())
    } else {
      const before = 'fields' in around ? around.fields[around.key!] : undefined
      const isInto = token === '{' && isObject(before) && isFilled(path())
      const value = isInto ? before : token === '{' ? Object.create(null) : token === '[' ? [] : valueOfToken(token)
      if ('fields' in around) around.fields[around.key!] = value
      else around.items.push(value)
      if (token === '{') open.push({ fields: value, key: undefined })
      else if (token === '[') open.push({ items: value, key: undefined })
      else settle(around)
    }
  }
  return { value: (open[0] as { items: unknown[] }).items[0], twice }
}

/** BOUNDED: at most this many places are reported. */
const maxReported = 8

/** What is being read: an object, with the name whose value comes, or a list. */
type Open =
  | { readonly fields: Record<string, unknown>; key: string | undefined }
  | { readonly items: unknown[]; key: undefined }

/** The value has come: a name is next, if it is an object that it is in. */
function settle(around: Open): void {
  around.key = undefined
}

/** Most strings stand as they are. */
const valueOfToken = (token: string): unknown =>
  token.startsWith('"') && !token.includes('\\') ? token.slice(1, -1) : JSON.parse(token)

const isObject = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value)

const tokens = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\]:,]|[^\s{}[\]:,"]+/g
