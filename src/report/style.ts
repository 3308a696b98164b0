/** The style sheet. Every pair of colours that carries a text has a contrast of at least 4.5:1, in both themes. */
export const STYLE = `
:root { color-scheme: light dark;
  --page: #f6f7f9; --card: #ffffff; --ink: #1b1f24; --soft: #57606a; --line: #d5dae0; --link: #0550ae;
  --good: #1a6b35; --good-back: #dff3e4; --warn: #7a4b00; --warn-back: #fdf0d0;
  --bad: #a40e26; --bad-back: #fde4e6; --bar: #3b6fb6;
  --heat1: #dbe9fb; --heat2: #b3d2f7; --heat3: #84b4ee; --heat4: #1f5fae; --heat4-ink: #ffffff; --code: #f1f3f6; }
@media screen and (prefers-color-scheme: dark) { :root {
  --page: #0f1318; --card: #171c23; --ink: #e6eaef; --soft: #a3adb8; --line: #303842; --link: #79b8ff;
  --good: #6fdc8c; --good-back: #143321; --warn: #f2c262; --warn-back: #3a2b0c;
  --bad: #ff9aa5; --bad-back: #43161c; --bar: #6ea8ee;
  --heat1: #182d47; --heat2: #1d426d; --heat3: #245a98; --heat4: #9ccbff; --heat4-ink: #0b1a2b; --code: #10151b; } }
* { box-sizing: border-box; }
html { scroll-behavior: smooth; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
body { margin: 0; background: var(--page); color: var(--ink); line-height: 1.5;
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", sans-serif; }
header, main, footer { max-width: 76rem; margin: 0 auto; padding: 0 1.25rem; }
a { color: var(--link); }
a:focus-visible, summary:focus-visible, .scroll:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; border-radius: 3px; }
.skip { position: absolute; left: -100rem; } .skip:focus { left: 1rem; top: .5rem; background: var(--card); padding: .4rem .8rem; }
h1 { font-size: 1.05rem; font-weight: 600; margin: 1.6rem 0 .9rem; color: var(--soft); letter-spacing: .01em; }
h1 b { color: var(--ink); font-weight: 650; }
h2 { font-size: 1.2rem; margin: 0 0 .35rem; } h3 { font-size: 1rem; margin: 1.4rem 0 .35rem; overflow-wrap: anywhere; }
p { margin: .25rem 0 .75rem; } .note { color: var(--soft); max-width: 70rem; }
section.card, .hero { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 1.15rem 1.3rem; margin: 0 0 1.1rem; }
.hero { display: grid; grid-template-columns: auto 1fr; gap: .2rem 1.1rem; align-items: center; border-left-width: 8px; }
.hero .sign { grid-row: span 2; font-size: 2.3rem; line-height: 1; width: 3.6rem; height: 3.6rem; border-radius: 50%; display: grid; place-items: center; }
.hero .state { font-size: 1.55rem; font-weight: 700; line-height: 1.2; margin: 0; } .hero .last { margin: 0; overflow-wrap: anywhere; }
.hero.good { border-left-color: var(--good); } .hero.warn { border-left-color: var(--warn); } .hero.bad { border-left-color: var(--bad); }
.good .sign { background: var(--good-back); color: var(--good); } .warn .sign { background: var(--warn-back); color: var(--warn); } .bad .sign { background: var(--bad-back); color: var(--bad); }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); gap: .7rem; margin: 0 0 1.1rem; }
.facts div { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: .65rem .9rem; }
.facts dt { color: var(--soft); font-size: .82rem; } .facts dd { margin: .1rem 0 0; font-size: 1.15rem; font-weight: 600; } .facts dd small { font-weight: 400; font-size: .8rem; color: var(--soft); display: block; }
.strip { list-style: none; display: grid; grid-template-columns: repeat(30, minmax(1.05rem, 1fr)); gap: 3px; padding: 0; margin: .5rem 0 .2rem; }
.strip li { height: 2.2rem; border-radius: 5px; display: grid; place-items: center; font-weight: 700; font-size: .95rem; }
.complete { background: var(--good-back); color: var(--good); } .incomplete { background: var(--warn-back); color: var(--warn); }
.failed, .missing { background: var(--bad-back); color: var(--bad); } .none { background: var(--code); color: var(--soft); }
.ends { display: flex; justify-content: space-between; color: var(--soft); font-size: .82rem; margin: 0 0 .4rem; }
.legend { display: flex; flex-wrap: wrap; gap: .35rem 1rem; font-size: .85rem; color: var(--soft); padding: 0; margin: .5rem 0 .6rem; list-style: none; }
.legend .key { display: inline-grid; place-items: center; min-width: 1.5rem; height: 1.4rem; padding: 0 .25rem; border-radius: 4px; margin-right: .35rem; font-weight: 600; font-size: .8rem; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: .88rem; }
caption { text-align: left; color: var(--soft); padding: 0 0 .45rem; font-size: .85rem; }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere; }
thead th { color: var(--soft); font-weight: 600; font-size: .8rem; white-space: nowrap; } tbody th { font-weight: 500; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.heat { width: auto; border-collapse: separate; border-spacing: 2px; } .heat th, .heat td { border: 0; padding: 0; }
.heat tbody th { padding: 0 .7rem 0 0; font-weight: 500; position: sticky; left: 0; background: var(--card); vertical-align: middle; }
.heat tbody th a { display: block; width: 11rem; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.heat thead th { font-weight: 500; font-size: .72rem; text-align: center; vertical-align: bottom; padding-bottom: .2rem; line-height: 1.2; }
.heat td { width: 1.6rem; min-width: 1.6rem; height: 1.7rem; text-align: center; vertical-align: middle; border-radius: 4px; font-variant-numeric: tabular-nums; font-size: .8rem; color: var(--soft); background: var(--code); }
.heat td.sum { background: none; color: var(--ink); font-weight: 600; padding: 0 .4rem; text-align: right; white-space: nowrap; overflow-wrap: normal; }
.heat td a { display: grid; place-items: center; height: 1.7rem; min-width: 1.6rem; text-decoration: none; color: inherit; font-weight: 600; border-radius: 4px; } .heat td a:hover { text-decoration: underline; }
.h1 { background: var(--heat1) !important; color: var(--ink) !important; } .h2 { background: var(--heat2) !important; color: var(--ink) !important; } .h3 { background: var(--heat3) !important; color: var(--ink) !important; } .h4 { background: var(--heat4) !important; color: var(--heat4-ink) !important; }
details { margin: .35rem 0; } summary { cursor: pointer; padding: .25rem .3rem; border-radius: 6px; overflow-wrap: anywhere; } summary:hover { background: var(--code); }
details > div { border-left: 2px solid var(--line); margin: .3rem 0 .8rem .55rem; padding-left: .9rem; }
.object { margin: .7rem 0 .25rem; overflow-wrap: anywhere; } .object code { font-size: .92em; font-weight: 600; } .by { color: var(--soft); }
.tag { display: inline-block; border-radius: 4px; padding: 0 .4rem; font-size: .78rem; font-weight: 600; margin-right: .35rem; border: 1px solid var(--line); }
.tag.critical, .tag.high { background: var(--bad-back); color: var(--bad); border-color: transparent; } .tag.medium { background: var(--warn-back); color: var(--warn); border-color: transparent; } .tag.low { color: var(--soft); }
code, pre { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; }
code { font-size: .88em; } pre { background: var(--code); border-radius: 8px; padding: .5rem .75rem; margin: .25rem 0 .7rem; white-space: pre-wrap; overflow-wrap: anywhere; font-size: .8rem; line-height: 1.45; }
pre .came { color: var(--good); } pre .went { color: var(--bad); } pre .same { color: var(--soft); }
.spark { display: block; width: 7.5rem; height: 1.5rem; } .spark path { fill: none; stroke: var(--bar); stroke-width: 1.5; vector-effect: non-scaling-stroke; stroke-linejoin: round; } .spark circle { fill: var(--bar); }
.trend { width: 100%; height: auto; display: block; } .trend rect { fill: var(--bar); } .trend line { stroke: var(--line); } .trend text { fill: var(--soft); font-size: 11px; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
footer { color: var(--soft); font-size: .82rem; padding-bottom: 2rem; }
@media (max-width: 44rem) { .heat tbody th a { width: 7rem; } section.card, .hero { padding: .9rem .9rem; } header, main, footer { padding: 0 .7rem; } .strip { grid-template-columns: repeat(15, 1fr); } .hero .state { font-size: 1.25rem; } }
@page { size: landscape; margin: 12mm; }
@media print { :root { color-scheme: light; --page: #ffffff; } body { font-size: 10pt; } header, main, footer { max-width: none; padding: 0; }
  section.card, .hero { break-inside: auto; border-radius: 0; } .object, tr, .facts div { break-inside: avoid; } .scroll { overflow: visible; }
  .skip { display: none; } details::details-content { content-visibility: visible; block-size: auto; } * { print-color-adjust: exact; } }
`;
