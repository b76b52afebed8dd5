import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'

// The files of the inspector's page. Scripts are those that `tsc -b` built, whether this runs built or from its source.

export type PageFile = { readonly type: string; readonly body: Buffer }

/**
 * @param path of the request, without its query: `/`, `/inspector/page/main.js`
 * @returns undefined where the page has no such file: nothing else on the disk is ever read
 */
export async function readPageFile(path: string): Promise<PageFile | undefined> {
  const place = placeOf(path)
  if (!place) return undefined
  try {
    const body = await readFile(fileURLToPath(place))
    return { type: typeOf(place.pathname), body: path === '/' ? await withPreloads(body) : body }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** What the page may load: its own files and the feed of the node that served it. */
export async function contentSecurityPolicy(): Promise<string> {
  const html = `${(await readPageFile('/'))?.body}`
  const [, importMap = ''] = /<script type="importmap">(.*?)<\/script>/s.exec(html) ?? []
  const digest = createHash('sha256').update(importMap).digest('base64')
  return [
    "default-src 'none'",
    `script-src 'self' 'sha256-${digest}'`,
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}

const isSource = import.meta.filename.endsWith('.ts')
/** Paths of scripts are as below it, so that one finds another. */
const built = new URL(isSource ? '../../dist/actors/' : '../', import.meta.url)
const source = new URL(isSource ? './page/' : '../../../actors/inspector/page/', import.meta.url)

const { resolve } = createRequire(import.meta.url)

/** Import map of index.html, path by path. */
const vendor: Readonly<Record<string, string>> = {
  '/vendor/preact.mjs': 'preact',
  '/vendor/hooks.mjs': 'preact/hooks',
  '/vendor/jsx-runtime.mjs': 'preact/jsx-runtime',
}

/** Scripts of the node's that the page has, too. */
const shared = ['/drawing/svg.js', '/drawing/style.js', '/trace/actor-names.js']

/** Names all scripts to a browser at once: else it would find them import by import. */
async function withPreloads(html: Buffer): Promise<Buffer> {
  const scripts = (await readdir(new URL('inspector/page/', built))).filter((name) => name.endsWith('.js'))
  const paths = [...Object.keys(vendor), ...scripts.map((name) => `/inspector/page/${name}`), ...shared]
  const links = paths.map((path) => `<link rel="modulepreload" href=".${path}" />`)
  return Buffer.from(`${html}`.replace('</head>', `${links.join('')}</head>`))
}

function placeOf(path: string): URL | undefined {
  if (path === '/') return new URL('index.html', source)
  if (path === '/icon.svg') return new URL('icon.svg', source)
  if (/^\/styles\/[a-z-]+\.css$/.test(path)) return new URL(`.${path}`, source)
  if (/^\/inspector\/page\/[a-z-]+\.js$/.test(path) || shared.includes(path)) return new URL(`.${path}`, built)
  const name = vendor[path]
  return name === undefined ? undefined : pathToFileURL(resolve(name))
}

function typeOf(path: string): string {
  if (path.endsWith('.html')) return 'text/html; charset=utf-8'
  if (path.endsWith('.css')) return 'text/css; charset=utf-8'
  if (path.endsWith('.svg')) return 'image/svg+xml'
  return 'text/javascript; charset=utf-8'
}
