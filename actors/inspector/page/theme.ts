// Light, dark, or as the system has it: remembered by the browser.

const themes = ['system', 'light', 'dark'] as const
export type Theme = (typeof themes)[number]

export function currentTheme(): Theme {
  const stored = localStorage.getItem(key)
  return themes.find((theme) => theme === stored) ?? 'system'
}

export function nextTheme(): Theme {
  const theme = themes[(themes.indexOf(currentTheme()) + 1) % themes.length]!
  localStorage.setItem(key, theme)
  applyTheme()
  return theme
}

export function applyTheme(): void {
  document.documentElement.dataset.theme = currentTheme()
}

const key = 'peerchart.theme'
