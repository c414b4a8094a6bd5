/** What the page does: it searches (`#q=etcd02` in its address, too), filters, opens all, and names the task of a cell. Without it all is there to read. */
export const SCRIPT = `const all=[...document.querySelectorAll('.f')],find=document.getElementById('find'),none=document.getElementById('none'),chips=[...document.querySelectorAll('[data-chip]')];
const text=new WeakMap(),textOf=e=>{let t=text.get(e);if(t===undefined){t=(e.textContent+' '+(e.dataset.q||'')).toLowerCase();text.set(e,t)}return t};
let chip='';
function filter(){const words=find.value.toLowerCase().split(/\\s+/).filter(Boolean);let shown=0;const kept=new Map();
for(const e of all){const table=e.closest('[data-keep]'),said=words.every(w=>(table?e.firstElementChild.textContent.toLowerCase():textOf(e)).includes(w)),is=chip===''||(e.dataset.s||'').split(' ').includes(chip);
e.hidden=!(said&&is);if(table){const k=kept.get(table)||[0,[]];if(!e.hidden)k[0]++;k[1].push([e,is]);kept.set(table,k)}else if(!e.hidden)shown++}
for(const [,[n,rows]] of kept){if(n)shown+=n;else if(words.length)for(const [e,is] of rows)e.hidden=!is}
none.hidden=shown>0}
find.addEventListener('input',filter);
for(const c of chips)c.addEventListener('click',()=>{chip=chip===c.dataset.chip?'':c.dataset.chip;for(const o of chips)o.setAttribute('aria-pressed',String(o.dataset.chip===chip));filter()});
document.addEventListener('keydown',e=>{if(e.key==='/'&&document.activeElement!==find){e.preventDefault();find.focus()}else if(e.key==='Escape'&&document.activeElement===find){find.value='';filter()}});
for(const b of document.querySelectorAll('[data-open]'))b.addEventListener('click',()=>{const d=[...document.getElementById(b.dataset.open).querySelectorAll('details')],open=d.some(e=>!e.open);for(const e of d)e.open=open;b.textContent=open?'Close all':'Open all'});
const ask=()=>{let q=location.hash.startsWith('#q=')?location.hash.slice(3):'';try{q=decodeURIComponent(q)}catch{}find.value=q;filter()};addEventListener('hashchange',ask);if(location.hash.startsWith('#q='))ask();
const tip=document.getElementById('tip');
if(tip){const m=document.querySelector('.m'),names=[...m.querySelectorAll('.names th')].map(e=>e.textContent);
const name=e=>{const td=e.target.closest('tbody td');if(td)tip.textContent=td.parentNode.firstElementChild.textContent+': '+names[td.cellIndex-1]+': '+(td.className||'not told')};
m.addEventListener('pointerover',name);m.addEventListener('click',name)}
`;
