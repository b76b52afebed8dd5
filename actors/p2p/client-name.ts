/** package.json's, which a spec holds it to. */
export const version = '0.1.0'

export type ClientNameFacts = {
  /** geth's UserIdent (`--identity`): a name for this very node. */
  readonly identity?: string | undefined
  readonly platform?: string
  readonly arch?: string
  readonly nodeVersion?: string
}

/** @returns the name that Hello carries, in geth's form: `Peerchart[/ident]/v0.1.0/linux-amd64/node20.20.2` */
export function clientName({
  identity,
  platform = process.platform,
  arch = process.arch,
  nodeVersion = process.versions.node,
}: ClientNameFacts = {}): string {
  const name = identity ? `Peerchart/${identity}` : 'Peerchart'
  return `${name}/v${version}/${goNames[platform] ?? platform}-${goNames[arch] ?? arch}/node${nodeVersion}`
}

/** Crawlers group clients by Go's names for systems and processors. */
const goNames: Readonly<Record<string, string>> = { win32: 'windows', sunos: 'solaris', x64: 'amd64', ia32: '386' }
