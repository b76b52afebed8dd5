/** How a chart looks, on light and on dark. Its colours are variables, so a page may have its own. */
export const chartStyle = `
.chart {
  --chart-paper: #ffffff; --chart-box: #ffffff; --chart-nest: #f5f7fb; --chart-line: #c3cad9; --chart-plate: #eef1f8;
  --chart-ink: #1b2233; --chart-muted: #65708a; --chart-arrow: #8a94ab; --chart-event: #1d4fbf; --chart-time: #a04d00;
  --chart-guard: #7b3fa6; --chart-effect: #3f6f5c;
}
@media (prefers-color-scheme: dark) {
  .chart {
    --chart-paper: #0f131c; --chart-box: #1a2130; --chart-nest: #141a26; --chart-line: #3a455c; --chart-plate: #20293b;
    --chart-ink: #e8ecf5; --chart-muted: #94a0b8; --chart-arrow: #6f7c96; --chart-event: #8fb6ff; --chart-time: #f0b072;
    --chart-guard: #d0a3f2; --chart-effect: #8fcdb4;
  }
}
.chart { background: var(--chart-paper); font-family: Inter, ui-sans-serif, system-ui, sans-serif; }
.chart .box { fill: var(--chart-box); stroke: var(--chart-line); stroke-width: 1.25; }
.chart .compound > .box, .chart .parallel > .box { fill: var(--chart-nest); }
.chart .compound.even > .box, .chart .parallel.even > .box { fill: var(--chart-paper); }
.chart .region > .box { stroke-dasharray: 5 4; }
.chart .whole > .box { fill: var(--chart-paper); stroke: none; }
.chart .rim { fill: none; stroke: var(--chart-line); stroke-width: 1.25; }
.chart .initial { fill: var(--chart-ink); }
.chart .any { fill: none; stroke: var(--chart-arrow); stroke-width: 1.25; stroke-dasharray: 3 3; }
.chart .reach { fill: none; stroke: transparent; stroke-width: 14; }
.chart .line { fill: none; stroke: var(--chart-arrow); stroke-width: 1.5; }
.chart .head { fill: var(--chart-arrow); }
.chart .plate { fill: var(--chart-plate); }
.chart text { fill: var(--chart-ink); white-space: pre; }
.chart .labels.compound text, .chart .labels.parallel text {
  paint-order: stroke; stroke: var(--chart-nest); stroke-width: 5; stroke-linejoin: round;
}
.chart .labels.compound.even text, .chart .labels.parallel.even text { stroke: var(--chart-paper); }
.chart .title { font-size: 14px; font-weight: 650; }
.chart .note { font-size: 11px; fill: var(--chart-muted); }
.chart .remark { font-size: 11px; fill: var(--chart-muted); font-style: italic; }
.chart .word { font-size: 11px; fill: var(--chart-muted); }
.chart .event, .chart .delay, .chart .always, .chart .guard, .chart .effect {
  font-family: ui-monospace, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace; font-size: 12px;
}
.chart .event { fill: var(--chart-event); }
.chart .delay, .chart .always { fill: var(--chart-time); }
.chart .guard { fill: var(--chart-guard); font-size: 11px; }
.chart .effect { fill: var(--chart-effect); font-size: 11px; }
.chart .area { fill: transparent; }
`
