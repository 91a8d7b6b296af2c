import { DARK, declarations, LIGHT, TYPEFACE } from "./palette.js";

/** The style of reports and comparisons, light and dark. */
export const CSS = `
:root { ${declarations(LIGHT)};
  --sans: ${TYPEFACE};
  --mono: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
  color-scheme: light dark;
}
@media (prefers-color-scheme: dark) { :root { ${declarations(DARK)} } }
* { box-sizing: border-box }
html { -webkit-text-size-adjust: 100% }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.55 var(--sans); font-variant-numeric: tabular-nums }
main { max-width: 1240px; margin: 0 auto; padding: 56px 28px 96px }
header { padding-bottom: 40px }
h1 { font: 600 32px/1.15 var(--sans); letter-spacing: -.01em; margin: 0 0 10px; overflow-wrap: anywhere }
.lede { font: 400 17px/1.5 var(--sans); color: var(--muted); max-width: 44em; margin: 0 }
.lede b { color: var(--ink); font-weight: 400 }
section { display: grid; grid-template-columns: 176px minmax(0, 1fr); grid-template-rows: auto 1fr; gap: 8px 36px; border-top: 1px solid var(--line); padding: 22px 0 46px }
section > h2 { font: 600 17px/1.3 var(--sans); margin: 0 }
section > .aside { grid-column: 1; color: var(--muted); font-size: 13px; line-height: 1.5; margin: 0 }
section > .body { grid-column: 2; grid-row: 1 / span 2; min-width: 0 }
h3 { font-weight: 600; font-size: 13px; margin: 0 0 8px }
p.note { color: var(--muted); font-size: 13px; margin: 12px 0 0; max-width: 60em }
.numbers { display: flex; flex-wrap: wrap; gap: 22px 52px }
.number .value { font: 600 44px/1 var(--sans); letter-spacing: -.02em }
.number .value small { font-size: 22px; color: var(--muted); letter-spacing: 0 }
.number .what { color: var(--muted); font-size: 13px; margin-top: 8px }
.number .delta { color: var(--good); font-size: 13px } .number .delta.less { color: var(--bad) }
svg { display: block; max-width: 100%; height: auto; overflow: visible }
svg text { font-family: var(--sans); fill: var(--muted) }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(250px, 1fr)); gap: 26px 34px }
.chart svg { width: 100% } .history { margin-bottom: 34px } .history.tight { display: none } details .charts { margin-top: 18px }
.chart h3 { display: flex; justify-content: space-between; gap: 12px; font-weight: 400; margin-bottom: 6px } .chart h3 span, .chart h3 em { color: var(--muted); font-style: normal } .chart h3 b { font-weight: 400; overflow-wrap: anywhere }
.key { display: flex; flex-wrap: wrap; gap: 4px 18px; font-size: 13px; color: var(--muted); margin: 0 0 14px }
.key i { box-shadow: inset 0 0 0 1px rgb(128 128 128 / .5); display: inline-block; width: 11px; height: 11px; border-radius: 3px; margin-right: 7px; vertical-align: -1px }
.key i.dashed { box-shadow: none; height: 0; width: 16px; border-radius: 0; border-top: 2px dashed var(--muted); vertical-align: 4px }
.notes { list-style: none; margin: 18px 0 0; padding: 0; font-size: 13px; max-width: 70em; overflow-wrap: anywhere } .notes li { border-left: 3px solid var(--line); padding: 2px 12px; margin-bottom: 4px } .notes .warning { border-color: var(--warn) } .notes b { font-weight: 600 }
.key i.tick { width: 2px; height: 14px; border-radius: 0; background: var(--ink); vertical-align: -2px }
.bars { display: grid; grid-template-columns: repeat(auto-fill, minmax(310px, 1fr)); gap: 5px 44px }
.bar { display: grid; grid-template-columns: 104px minmax(0, 1fr) 40px 46px; gap: 10px; align-items: center; font-size: 13px; line-height: 22px }
.bar .track { position: relative; height: 10px; background: var(--line); border-radius: 2px }
.bar .track i { position: absolute; inset: 0 auto 0 0; border-radius: 2px; background: var(--c); box-shadow: inset 0 0 0 1px color-mix(in srgb, var(--ink) 18%, transparent) }
.bar .track b { position: absolute; top: -4px; bottom: -4px; width: 2px; background: var(--ink) }
.bar .n { text-align: right } .bar .d { text-align: right; color: var(--good) } .bar .d.less { color: var(--bad) } .bar.none { color: var(--muted) }
.groups { border: 0; margin: 18px 0; padding: 0; display: flex; flex-wrap: wrap; gap: 6px 20px; font-size: 13px } .groups legend { color: var(--muted); padding: 0; float: left; margin-right: 6px } .groups label { display: inline-flex; align-items: center; gap: 7px; overflow-wrap: anywhere } .groups i { width: 14px; height: 4px; border-radius: 2px; flex: none } .groups input { accent-color: var(--accent); margin: 0 }
.class-bars { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 420px), 1fr)); gap: 16px 44px } body:has(#by-gain:checked) .class { order: var(--rank) }
.class h3 { margin: 0 } .class .bar { grid-template-columns: minmax(90px, 150px) minmax(0, 1fr) auto 86px; font-size: 12px; line-height: 18px } .class .bar span:first-child { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; color: var(--muted) }
.pictures { display: grid; gap: 26px }
.picture h3 { font-weight: 400; color: var(--muted); font-size: 12px; margin: 0 0 6px; overflow-wrap: anywhere }
.row { display: grid; grid-template-columns: repeat(var(--n), minmax(0, 1fr)); gap: 6px }
.row.head { position: sticky; top: 0; background: var(--paper); padding: 6px 0; font-size: 13px; color: var(--muted); z-index: 1 }
.row img { display: block; width: 100%; height: auto; border-radius: 2px; background: var(--sheet); image-rendering: auto }
.row figure { margin: 0 } .row figcaption { display: none; font-size: 12px; margin: 2px 0 4px }
.row .under { text-wrap: balance; font-size: 12px; color: var(--muted); margin: 3px 0 0 } .picture h3 span { color: var(--muted); font-weight: 400; margin-left: 8px; white-space: nowrap }
h3.kind { font: 600 15px/1.3 var(--sans); margin: 30px 0 4px } .answer { font-size: 17px; margin: 0 0 14px } .answer b { font-weight: 600 }
.key i.hatched { background-image: repeating-linear-gradient(135deg, rgb(236,170,132) 0 2px, transparent 2px 5px) }
.row img.exact { image-rendering: pixelated }
.scroll { overflow-x: auto } .scroll > .pictures { min-width: calc(var(--n) * 132px) } .scroll .row.head { position: static }
.scroll td { white-space: nowrap } .scroll thead th { white-space: normal; min-width: 84px; overflow-wrap: anywhere; vertical-align: bottom } .row.head span { overflow-wrap: anywhere }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px }
.scroll > svg { min-width: 620px }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(270px, 1fr)); gap: 28px 34px }
.plots figure, .chart figure { margin: 0 }
figcaption { font-size: 13px; color: var(--muted); margin-top: 8px }
table { border-collapse: collapse; font-size: 14px; width: 100% }
th { text-align: left; font-weight: 400; color: var(--muted); padding: 5px 18px 5px 0; vertical-align: top; white-space: nowrap }
td { padding: 5px 18px 5px 0; vertical-align: top; overflow-wrap: anywhere } td.n, th.n { text-align: right }
tr + tr > * { border-top: 1px solid var(--line) }
tbody th { color: var(--ink) } .facts th { color: var(--muted) }
thead th { border-bottom: 1px solid var(--line); color: var(--muted); font-size: 13px }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(290px, 1fr)); gap: 0 44px; align-items: start }
pre { font: 13px/1.55 var(--mono); background: var(--sheet); padding: 14px 16px; border-radius: 4px; overflow-x: auto; margin: 8px 0 0 }
pre.columns { columns: 17em; column-gap: 40px }
details { margin-top: 18px } summary { cursor: pointer; color: var(--accent); font-size: 14px }
footer { border-top: 1px solid var(--line); padding-top: 16px; color: var(--muted); font-size: 13px }
@media (max-width: 820px) {
  main { padding: 32px 18px 64px } h1 { font-size: 27px } .lede { font-size: 16px }
  section { grid-template-columns: minmax(0, 1fr); grid-template-rows: auto; padding: 18px 0 36px } section > .aside { max-width: 46em; margin-bottom: 12px } section > .body { grid-column: 1; grid-row: auto }
  .numbers { gap: 20px 36px } .number .value { font-size: 38px }
}
@media (max-width: 560px) { .scroll > .pictures { min-width: 0 } .history.roomy { display: none } .history.tight { display: block } .pictures .row { grid-template-columns: repeat(2, minmax(0, 1fr)) } .pictures .row.head { display: none } .row figcaption { display: block } .bars { grid-template-columns: minmax(0, 1fr) } }
@media print { main { max-width: none; padding: 0 } .row.head { position: static } section { break-inside: avoid-page } }
`;
