// mocha would load a spec with require() first, which reads it as JavaScript, past tsx: `new Set<string>(all)` is a
// comparison there, and a spec's own error is hidden behind the first one of syntax. Without this feature it imports.
Object.defineProperty(process.features, 'require_module', { value: false })
