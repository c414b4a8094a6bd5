/** The page's style: light and dark as the reader's system has it, from a phone's width up. */
export const STYLE = `:root{color-scheme:light dark;--bg:#fff;--bar:#fffffff2;--card:#f6f7f9;--line:#d5d9de;--text:#191c20;--dim:#555d67;--ok:#1a7034;--changed:#8a5300;--failed:#b3221a;--unknown:#7038a8;--skipped:#5d6570;--wait:#c3c9d1;--mark:#d9951f;--add:#dff5e4;--del:#fde5e3}
@media(prefers-color-scheme:dark){:root{--bg:#101317;--bar:#101317f2;--card:#191d22;--line:#343b44;--text:#e7eaee;--dim:#a3adb8;--ok:#56c878;--changed:#e6b04c;--failed:#ff8077;--unknown:#c9a0ff;--skipped:#9aa4af;--wait:#4a535e;--mark:#e6b04c;--add:#12331d;--del:#401b19}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--text);font:15px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
header,main,nav>div,footer{max-width:1200px;margin:auto;padding:0 20px}
header{padding-top:24px;padding-bottom:16px}
header .kind{margin:0;color:var(--dim)}
h1{margin:4px 0;font-size:26px;line-height:1.25}
h2{font-size:19px;margin:32px 0 10px}
h3{font-size:15px;margin:18px 0 6px}
.verdict{margin:0 0 14px;font-size:16px}
.good h1,.ok{color:var(--ok)}.bad h1,.failed{color:var(--failed)}.changed{color:var(--changed)}.unknown{color:var(--unknown)}.skipped{color:var(--skipped)}.wait{color:var(--wait)}
dl{display:grid;grid-template-columns:max-content 1fr;gap:2px 16px;margin:0}
dt{color:var(--dim)}dd{margin:0}
code,pre,dd.c{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:13px}
nav{position:sticky;top:0;z-index:3;background:var(--bar);border-block:1px solid var(--line)}
nav>div{display:flex;flex-wrap:wrap;gap:8px;padding-block:8px;align-items:center}
input,button{font:inherit;color:inherit;background:var(--bg);border:1px solid var(--line);border-radius:6px;padding:4px 10px;min-height:34px}
input{flex:1 1 200px;min-width:0}
button{cursor:pointer}
button[aria-pressed=true]{background:var(--text);color:var(--bg);border-color:var(--text)}
:focus-visible{outline:2px solid #3b82f6;outline-offset:1px}
.n,.legend,.zero{color:var(--dim)}
.legend,.n{font-size:13.5px}.legend .k{min-width:0}.legend span:not(.k){margin-right:14px}
.bad.f,details.f{background:var(--card);border:1px solid var(--line);border-radius:8px;margin:8px 0}
article.bad.f{border-left:4px solid var(--failed);padding:10px 14px}
article h3{margin:0;white-space:pre-wrap}
article p{margin:4px 0 0}
.pre{white-space:pre-wrap}
summary{cursor:pointer;padding:7px 12px}
summary h3{display:inline}
summary .t{font-weight:500;margin-right:6px}
.k{display:inline-block;min-width:1.3em;font-weight:700}
.b{padding:0 12px 8px 34px}
.b p{margin:0 0 6px}
ul,ol{margin:4px 0;padding-left:20px}
ul.pre{list-style:none;padding:0}
.warning b{color:var(--changed)}
figure{margin:8px 0}
figcaption{font-size:13.5px;color:var(--dim)}
pre{margin:4px 0;padding:8px 0;overflow:auto;max-height:70vh;background:var(--bg);border:1px solid var(--line);border-radius:6px;overflow-wrap:normal;padding-inline:10px}
pre.d{padding-inline:0}
pre.d span{display:block;padding:0 10px;min-width:max-content}
pre.d .a{background:var(--add)}pre.d .r{background:var(--del)}pre.d .h{color:var(--dim)}
.w{overflow-x:auto;position:relative}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}
#hosts table{width:100%}
th,td{padding:3px 10px;text-align:left;border-bottom:1px solid var(--line);white-space:nowrap}
thead th{color:var(--dim);font-weight:500;font-size:13px;border-bottom-color:var(--dim)}
th[scope=row]{font-weight:500;position:sticky;left:0;background:var(--bg);max-width:45vw;overflow:hidden;text-overflow:ellipsis}
#hosts td:not(.lane){text-align:right}
td.lane,th.lane{width:100%;min-width:260px}
.x{display:flex;justify-content:space-between}
svg{display:block;width:100%;height:14px;background:var(--card);border-radius:3px}
rect{fill:currentColor}rect.changed,.legend .changed{color:var(--mark)}
.m table{border-collapse:separate;border-spacing:1px}
.m th,.m td{border:0}
.m td{padding:0;min-width:16px;width:16px;height:19px;text-align:center;font-size:12px;line-height:19px;background:var(--card)}
.m thead td,.m .names th{background:none;height:0;padding:0;line-height:0}
.m thead th{padding:0 2px;border-left:2px solid var(--dim)}
.m .names th{border:0}
.m thead th>span{display:block;width:0;min-width:100%;overflow:hidden;text-overflow:ellipsis}
.m tbody tr:hover td{filter:brightness(.93)}
.m .changed,.m .failed,.m .unknown{color:var(--bg);font-weight:700}
.m .changed{background:var(--mark);color:#191c20}.m .failed{background:var(--failed)}.m .unknown{background:var(--unknown)}
#tip{position:sticky;top:52px;background:var(--bar);z-index:2;margin:0 0 6px;padding:2px 0}
.vh{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.skip{position:absolute;left:-999px}.skip:focus{left:8px;top:8px;background:var(--bg);padding:8px;z-index:9}
[hidden],.g:not(:has(.f:not([hidden]))),section:has(.f):not(:has(.f:not([hidden]))){display:none!important}
footer{color:var(--dim);font-size:13px;padding-block:32px}
@media(max-width:600px){header,main,nav>div,footer{padding-inline:12px}h1{font-size:21px}dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:6px}.b{padding-left:12px}nav button{padding:4px 8px}th,td{padding:3px 6px}summary .n{display:block;padding-left:1.6em}}
.tall{max-height:80vh;overflow-y:auto}.tall thead th{position:sticky;top:0;background:var(--bg);z-index:2}
@media print{nav,.tools,.legend{display:none}.w,pre,.tall{overflow:visible;max-height:none}}
`;
