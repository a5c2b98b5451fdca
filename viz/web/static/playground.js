// The playground's page: what is done here goes to the server, what it answers is shown.

import * as CM from "nicegui-codemirror";

const $ = (id) => document.getElementById(id);
const act = (what, given = {}) => window.emitEvent("play", { ...given, do: what });
const SEND_MS = 25;                   // edits that follow each other faster are sent together
const NEAR = 12;                      // lines that a step has at most, for the cursor in it
let view = null, remote = false, lines = {}, unfold = new Set(), fold = new Set(), link = "";
const host = { plane: null, study: null, trail: [] };

// --- the editor ---------------------------------------------------------------------------------

const text = () => view.state.doc.toString();
const odd = (t) => /[\ud800-\udfff]/.test(t);
const toServer = (at, t = text()) => (odd(t) ? [...t.slice(0, at)].length : at);
const toPage = (at, t = text()) => (odd(t) ? [...t].slice(0, at).join("").length : at);

const setFault = CM.StateEffect.define(), setLit = CM.StateEffect.define();
class Sentence extends CM.WidgetType {
  constructor(said) { super(); this.said = said; }
  eq(other) { return other.said === this.said; }
  toDOM() { return el("span", { class: "fault-here", "aria-hidden": "true" }, `  ${this.said}`); }
}
const marks = (effect, make) => CM.StateField.define({
  create: () => CM.Decoration.none,
  update(set, change) {
    for (const one of change.effects) if (one.is(effect)) return make(one.value, change.state);
    return set.map(change.changes);
  },
  provide: (field) => CM.EditorView.decorations.from(field),
});
const lineOf = (state, number) => state.doc.line(Math.min(Math.max(number, 1), state.doc.lines));
const faultMarks = marks(setFault, (fault, state) => {
  if (!fault || !fault.line) return CM.Decoration.none;
  const line = lineOf(state, fault.line);
  return CM.Decoration.set([
    CM.Decoration.line({ class: "cm-fault" }).range(line.from),
    CM.Decoration.widget({ widget: new Sentence(fault.sentence), side: 1 }).range(line.to)]);
});
const litMarks = marks(setLit, (number, state) => (number
  ? CM.Decoration.set([CM.Decoration.line({ class: "cm-lit" }).range(lineOf(state, number).from)])
  : CM.Decoration.none));

const waiting = new Map();            // completions that were asked for
let asked = 0;
function completions(context) {
  const word = context.matchBefore(/[\w-]*$/);
  const before = context.state.sliceDoc(Math.max(0, word.from - 2), word.from);
  if (!context.explicit && word.from === word.to && !/[!=]$|- $|\{$|, $/.test(before)) return null;
  const id = ++asked, t = text();
  act("complete", { id, text: t, position: toServer(context.pos, t) });
  return new Promise((resolve) => {
    waiting.set(id, resolve);
    setTimeout(() => waiting.delete(id) && resolve(null), 3000);
  });
}
function offered({ id, start, list }) {
  waiting.get(id)?.(list.length ? { from: toPage(start), validFor: /^[\w-]*$/, options: list.map((o) => ({
    label: o.label, type: { operation: "function", block: "class", argument: "property",
      value: "enum", hole: "keyword", formula: "variable", key: "keyword" }[o.kind],
    detail: o.about.length > 60 ? `${o.about.slice(0, 59)}…` : o.about, info: o.about.length > 60 ? o.about : undefined,
    apply: ["argument", "key"].includes(o.kind) && !/=[^,}]*$/.test(view.state.sliceDoc(
      view.state.doc.lineAt(toPage(start)).from, toPage(start))) ? `${o.label}: ` : o.label })) } : null);
  waiting.delete(id);
}

let sending = null, sent = -SEND_MS;
function send() {
  clearTimeout(sending);
  sending = null;
  sent = performance.now();
  act("text", { text: text() });
}
function heard(update) {
  if (update.docChanged && !remote) sending ??= setTimeout(send, sent + SEND_MS - performance.now());
  if (update.selectionSet || update.docChanged) atCursor();
}
let cursor = null;
function atCursor() {
  clearTimeout(cursor);
  cursor = setTimeout(() => {
    const at = view.state.selection.main.head;
    light(view.state.doc.lineAt(at).number);
    act("cursor", { position: toServer(at) });
  }, 80);
}

/** Another text, with as little changed as possible, so that the cursor stays. */
function setText(value) {
  clearTimeout(sending);
  sending = null;
  const old = text();
  if (old === value) return;
  let start = 0, end = old.length, stop = value.length;
  while (start < Math.min(end, stop) && old[start] === value[start]) start++;
  while (end > start && stop > start && old[end - 1] === value[stop - 1]) { end--; stop--; }
  remote = true;
  view.dispatch({ changes: { from: start, to: end, insert: value.slice(start, stop) } });
  remote = false;
}

/** A text that was just opened: long lists of variants folded, the net in sight. */
function begin() {
  const found = /^variants:.*\n((?:[ #].*\n|\n)*)/m.exec(text());
  const net = /^(net|steps):/m.exec(text());
  const effects = [];
  if (found && found[1].split("\n").length > 8)
    effects.push(CM.foldEffect.of({ from: found.index + found[0].indexOf("\n"),
      to: found.index + found[0].trimEnd().length }));
  if (effects.length) view.dispatch({ effects });
  if (net) view.dispatch({ effects: CM.EditorView.scrollIntoView(net.index, { y: "center" }) });
  else view.scrollDOM.scrollTop = 0;
}

/** Put the cursor on a line, and show it. */
function goTo(number, focus = true) {
  const line = lineOf(view.state, number);
  view.dispatch({ selection: { anchor: line.from + /^[\s-]*/.exec(line.text)[0].length },
    effects: [setLit.of(number), CM.EditorView.scrollIntoView(line.from, { y: "center" })] });
  if (focus) view.focus();
}

const keys = [["Mod-z", "undo"], ["Mod-y", "redo"], ["Mod-Shift-z", "redo"]].map(([key, what]) => ({
  key, run: () => { if (sending) send(); act(what); return true; } }));
keys.push({ key: "Alt-h", run: () => { openHole(); return true; } });

function openHole() {
  if (sending) send();
  act("hole", { position: toServer(view.state.selection.main.head) });
}

const LIGHT = "githubLight", DARK = "githubDark";
async function editor() {
  let node;
  while (!(node = document.querySelector(".editor .cm-editor"))) await new Promise((r) => setTimeout(r, 20));
  const element = node.closest(".editor"), component = window.getElement?.(Number(element.id.slice(1)));
  $("editor-host").append(element);
  view = CM.EditorView.findFromDOM(node);
  if (component) component.emitting = false;      // the whole text is sent here, see `send`
  const theme = () => component?.setTheme(dark.matches ? DARK : LIGHT);
  theme();
  dark.addEventListener("change", theme);
  view.dispatch({ effects: CM.StateEffect.appendConfig.of([
    faultMarks, litMarks, CM.EditorView.updateListener.of(heard), CM.Prec.highest(CM.keymap.of(keys)),
    CM.EditorState.languageData.of(() => [{ autocomplete: completions }]),
    CM.EditorView.contentAttributes.of({ "aria-label":
      "text of the genotype; Escape, then Tab leads out" })]) });
  view.dom.querySelector(".cm-scroller").setAttribute("tabindex", "0");
}

// --- the drawing --------------------------------------------------------------------------------

const drawing = () => $("drawing");
let scale = null, boxes = [];

/** The line that made a box, by its name or the part of it that is known. */
function lineFor(key) {
  let name = key.replace(/ [←→] \d+$/, "");
  for (; name; name = name.slice(0, Math.max(0, name.lastIndexOf(".")))) if (lines[name]) return lines[name];
  return 0;
}

async function coloured(svg) {
  const themes = await colours, dim = (c) => themes.darker[c.toLowerCase()] ?? c;
  const shown = dark.matches ? svg.replace(/#[0-9a-f]{6}/gi, dim) : svg;
  const made = document.importNode(new DOMParser().parseFromString(shown, "image/svg+xml").documentElement, true);
  made.setAttribute("aria-hidden", "true");       // its table says the same
  return made;
}
let drawn = "";
async function drawNetwork(svg) {
  drawn = svg;
  const made = await coloured(svg);
  if (drawn !== svg) return;
  const box = drawing(), at = [box.scrollLeft, box.scrollTop];
  boxes = [...made.querySelectorAll("g > title")].map((title) => {
    const [, key] = /^(.*?)(?:: [\d,]+ MACs, [\d,]+ params)?$/.exec(title.textContent);
    const group = title.parentNode;
    group.classList.add("box");
    group.dataset.key = key;
    return { group, key, said: title.textContent, line: lineFor(key) };
  });
  box.replaceChildren(made);
  made.dataset.wide = made.viewBox.baseVal.width * 4 / 3;
  zoom(scale);
  [box.scrollLeft, box.scrollTop] = at;
  if (view) light(view.state.doc.lineAt(view.state.selection.main.head).number);
}
function zoom(to) {
  scale = to === null ? null : Math.min(Math.max(to, 0.1), 6);
  const made = drawing().firstElementChild;
  if (!made) return;
  made.style.width = scale === null ? "" : `${made.dataset.wide * scale}px`;
  made.style.maxWidth = scale === null ? "100%" : "none";
}
const now = () => scale ?? (drawing().firstElementChild?.getBoundingClientRect().width ?? 1)
  / (drawing().firstElementChild?.dataset.wide ?? 1);

/** Highlight the boxes of a line, or of the step that it belongs to. */
function light(number) {
  const known = Object.values(lines).filter((n) => n && n <= number && n > number - NEAR);
  const at = known.length ? Math.max(...known) : 0;
  for (const box of boxes) box.group.classList.toggle("lit", at > 0 && box.line === at);
  const first = boxes.find((box) => at > 0 && box.line === at);
  describe(first);
}
function describe(box) {
  const can = box && (unfold.has(box.key) ? "unfold" : fold.has(box.key) ? "fold" : null);
  $("box").replaceChildren(box ? box.said : "", can ? el("button", { type: "button", class: "fold",
    onclick: () => act(can, { key: box.key }) }, can === "fold" ? "Fold" : "Unfold") : "");
}
function chosen(event) {
  const group = event.target.closest(".box");
  const box = boxes.find((one) => one.group === group);
  if (!box) return;
  if (box.line) goTo(box.line, false);
  setTimeout(() => describe(box), 120);
  if (event.type === "dblclick") {
    if (unfold.has(box.key)) act("unfold", { key: box.key });
    else if (fold.has(box.key)) act("fold", { key: box.key });
  }
}
function pan() {
  const box = drawing();
  let from = null;
  box.addEventListener("pointerdown", (e) => {
    if (e.pointerType === "mouse" && e.button === 0)
      from = [e.clientX, e.clientY, box.scrollLeft, box.scrollTop];
  });
  window.addEventListener("pointerup", () => { from = null; });
  window.addEventListener("pointermove", (e) => {
    if (!from) return;
    box.scrollLeft = from[2] + from[0] - e.clientX;
    box.scrollTop = from[3] + from[1] - e.clientY;
  });
  box.addEventListener("wheel", (e) => {
    if (!e.ctrlKey && !e.metaKey) return;
    e.preventDefault();
    zoom(now() * (e.deltaY < 0 ? 1.15 : 1 / 1.15));
  }, { passive: false });
  box.addEventListener("keydown", (e) => {
    const to = { "+": 1.25, "=": 1.25, "-": 0.8 }[e.key];
    if (to) zoom(now() * to);
    else if (e.key === "0") zoom(null);
  });
  box.addEventListener("click", chosen);
  box.addEventListener("dblclick", chosen);
}

// --- planes -------------------------------------------------------------------------------------

const visible = (id) => !$(id).closest("[role=tabpanel]").hidden;

async function planeNow() {
  if (!host.plane || !visible("plot")) return;
  if (!host.planeDrawn) {
    host.planeDrawn = true;
    await plane($("plot"), host.plane, (name) => { act("beside", { name }); tab("beside"); });
    dark.addEventListener("change", () => setTimeout(trail, 600));
  }
  trail();
}
function trail() {
  const chart = $("plot").view, last = host.here ? host.trail[host.trail.length - 1] : null;
  $("trail").replaceChildren(el("table", {}, el("thead", {}, el("tr", {}, ["network", "MACs", "predicted top-1"].map(
    (h) => el("th", { scope: "col" }, h)))), el("tbody", {}, host.trail.map((p) => el("tr", {},
    el("td", {}, p.name), el("td", {}, whole(p.x)), el("td", {}, `${p.y.toFixed(1)} % (${p.low.toFixed(1)} to ${p.high.toFixed(1)})`))))));
  if (!chart) return;
  chart.data("trail", host.trail).data("spread", last ? [last] : []).data("present", last ? [last] : []).runAsync();
}
async function studyNow() {
  const box = $("study-plot");
  if (!host.study || !visible("study-plot") || host.studyDrawn === host.study) return;
  host.studyDrawn = host.study;
  box.hidden = false;
  if (!host.study.layer.find((l) => l.data?.name === "marks").data.values.length) return;
  const fresh = el("div", { id: "study-plot", class: "chart plane", tabindex: "0", role: "group",
    "aria-label": box.getAttribute("aria-label") });
  box.replaceWith(fresh);
  await plane(fresh, host.study, (id) => (/^\d+$/.test(id)
    ? act("trial", { number: Number(id), beside: true, stay: true }) : act("beside", { name: id })));
}
function studyMarks({ insert, remove, line }) {
  const layer = host.study?.layer.find((l) => l.data?.name === "marks");
  if (!layer) return;
  const gone = new Set(remove);
  layer.data.values = [...layer.data.values.filter((m) => !gone.has(m.id)), ...insert];
  const chart = $("study-plot").view;
  const drawn = host.study.layer.find((l) => l.data?.name === "line");
  if (drawn) drawn.data.values = line;
  if (!chart) return;
  const copy = (rows) => rows.map((row) => ({ ...row }));       // Vega writes into what it is given
  if (drawn) chart.data("line", copy(line));
  chart.data("marks", copy(layer.data.values)).runAsync();
}

// --- panes and fields ---------------------------------------------------------------------------

const shown = {}, later = {};
let pressed = null;                     // what the pointer holds: it is not replaced meanwhile
function pane(id, html) {
  const box = $(id);
  if (!box || shown[id] === html) return;
  if (pressed && box.contains(pressed)) { later[id] = html; return; }
  shown[id] = html;
  const open = [...box.querySelectorAll("details")].map((d) => d.open);
  const focus = box.contains(document.activeElement) ? document.activeElement : null;
  const path = focus && (focus.id ? `#${CSS.escape(focus.id)}` : focus.dataset.pin !== undefined
    ? `[data-hole="${CSS.escape(focus.closest("[data-hole]").dataset.hole)}"] [data-pin]`
    : focus.dataset.do && focus.dataset.hole ? `[data-do="${focus.dataset.do}"][data-hole="${CSS.escape(focus.dataset.hole)}"]` : null);
  box.innerHTML = html;                // made and escaped by the server's templates
  [...box.querySelectorAll("details")].forEach((d, i) => { if (i in open) d.open = open[i]; });
  if (path) box.querySelector(path)?.focus({ preventScroll: true });
}
function field(id, value) {
  if (id === "file") { $("file-name").textContent = value; return; }
  const box = $(id);
  if (!box) return;
  if (id === "undo" || id === "redo") { box.disabled = !value; return; }
  if (document.activeElement !== box || box.tagName === "SELECT") box.value = value;
}
function variants({ names, chosen: which }) {
  const box = $("variant"), all = which ? names : ["", ...names];
  $("variant-field").hidden = !names.length;
  if (box.dataset.names !== JSON.stringify(all)) {
    box.dataset.names = JSON.stringify(all);
    box.replaceChildren(...all.map((n) => el("option", { value: n }, n || "as it stands")));
  }
  box.value = which;
}
function fault(found) {
  document.body.classList.toggle("broken", Boolean(found));
  view.dispatch({ effects: setFault.of(found) });
  const said = found && found.sentence + (/[.?!]$/.test(found.sentence) ? "" : ".");
  $("fault").replaceChildren(...(found ? [found.line ? el("button", { type: "button", class: "open",
    onclick: () => goTo(found.line) }, `line ${found.line}`) : "", found.line ? `: ${said}` : said,
    el("span", { class: "note" }, " The last network that was one is still shown.")] : []));
}
function tab(name) {
  for (const one of document.querySelectorAll("[role=tab]")) {
    const on = one.id === `tab-${name}`;
    one.setAttribute("aria-selected", String(on));
    one.tabIndex = on ? 0 : -1;
    $(one.getAttribute("aria-controls")).hidden = !on;
  }
  if (name === "plane") planeNow();
  if (name === "study") { studyNow(); act("studies"); act("command", searchFields()); }
}
const searchFields = () => ({ study: $("search-name")?.value ?? "", trials: $("search-trials")?.value ?? "",
  seed: $("search-seed")?.value ?? "" });

const receivers = {
  say, set: setText, fresh: begin, offers: offered, drawing: drawNetwork, fault, variants, tab,
  panes: (all) => Object.entries(all).forEach(([id, html]) => pane(id, html)),
  fields: (all) => Object.entries(all).forEach(([id, value]) => field(id, value)),
  lines: (all) => { lines = all; for (const box of boxes) box.line = lineFor(box.key); },
  link: (value) => { link = value; history.replaceState(null, "", `#${value}`); },
  unfold: (all) => { unfold = new Set(all); }, fold: (all) => { fold = new Set(all); },
  note: (said) => { $("box").textContent = said; },
  space: (is) => { document.body.classList.toggle("space", is); $("holes-panel").hidden = !is; if ($("search-start")) $("search-start").disabled = !is; },
  settled: (is) => document.body.toggleAttribute("data-settled", is),
  number: (which) => {
    $("make-hole").hidden = !which;
    $("make-hole").textContent = which ? `Make a hole of ${which}` : "";
  },
  moving: (is) => { $("stop").hidden = !is; $("progress").classList.toggle("busy", is); if (!is) $("progress").textContent = ""; },
  progress: ([done, total, said]) => { $("progress").textContent = `${done} of ${total}${said ? `: ${said}` : ""}`; },
  here: (is) => { host.here = is; },         // whether a place is predicted for the present network
  trail: (all) => { host.trail = all; planeNow(); },
  plane: (spec) => { host.plane = spec; planeNow(); },
  pair: async (svg) => {
    const box = $("pair-drawing");
    box.hidden = !svg;
    box.replaceChildren(...(svg ? [await coloured(svg)] : []));
  },
  "study-plane": (spec) => { host.study = spec; studyNow(); },
  "study-marks": studyMarks,
  searching: (is) => { if ($("stop-search")) $("stop-search").hidden = !is; },
  studies: (names) => $("studies")?.replaceChildren(...names.map((n) => el("option", { value: n }))),
  command: (said) => { if ($("command")) $("command").textContent = said; },
  name: (value) => { document.title = `${value} · playground`; $("search-name")?.setAttribute("placeholder", `${value}-search`); },
  file: ({ name, type, content }) => {
    const bytes = Uint8Array.from(atob(content), (c) => c.charCodeAt(0));
    const url = URL.createObjectURL(new Blob([bytes], { type }));
    el("a", { href: url, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10000);
  },
};
// What one message holds is shown in this order: lines before the drawing that uses them.
function receive(message) {
  const order = Object.keys(receivers);
  for (const key of Object.keys(message).sort((a, b) => order.indexOf(a) - order.indexOf(b)))
    if (message[key] !== null || key === "fault" || key === "number") receivers[key]?.(message[key]);
  if ("fault" in message) document.body.dataset.answers = String(Number(document.body.dataset.answers ?? 0) + 1);
}

// --- what is done -------------------------------------------------------------------------------

function wire() {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-do], [data-go]");
    if (!button) return;
    if (button.dataset.go) { goTo(Number(button.dataset.go)); return; }
    const { do: what, ...given } = button.dataset;
    if (given.number) given.number = Number(given.number);
    if (given.label) given.label = JSON.parse(given.label);
    if (what === "hole") { openHole(); return; }
    if (sending) send();
    if (what === "beside") tab("beside");
    act(what, given);
  });
  window.addEventListener("pointerdown", (event) => { pressed = event.target; });
  for (const end of ["pointerup", "pointercancel"])
    window.addEventListener(end, () => setTimeout(() => {      // a click comes first
      pressed = null;
      for (const [id, html] of Object.entries(later)) { delete later[id]; pane(id, html); }
    }));
  let deciding = null;
  $("holes").addEventListener("input", (event) => {
    const box = event.target, hole = box.closest("[data-hole]")?.dataset.hole;
    if (!hole || box.dataset.decide === undefined) return;
    const label = box.type === "range" ? JSON.parse(box.dataset.labels)[box.value] : JSON.parse(box.value);
    if (box.type === "range") {
      box.setAttribute("aria-valuetext", label);
      box.parentNode.querySelector("output").textContent = label;
    }
    clearTimeout(deciding);
    deciding = setTimeout(() => act("decide", { hole, label }), SEND_MS);
  });
  $("holes").addEventListener("change", (event) => {
    const box = event.target;
    if (box.dataset.pin !== undefined)
      act("pin", { hole: box.closest("[data-hole]").dataset.hole, label: JSON.parse(box.dataset.label) });
  });
  for (const id of ["variant", "level", "colour", "direction"])
    $(id).addEventListener("change", () => act(id, { [id]: $(id).value }));
  $("size").addEventListener("change", () => act("size", { size: $("size").value }));
  for (const box of document.querySelectorAll("[id^=bound-]"))
    box.addEventListener("input", () => act("bound", { cost: box.id.slice(6), text: box.value }));
  const forms = { open: () => act("open", { name: $("name").value }),
    save: () => act("save", { name: $("save-as").value }),
    "beside-form": () => act("beside", { name: $("beside").value }),
    "study-form": () => act("study", { name: $("study").value }),
    "search-form": () => act("search", searchFields()) };
  for (const [id, work] of Object.entries(forms))
    $(id)?.addEventListener("submit", (event) => { event.preventDefault(); if (sending) send(); work(); });
  $("search-form")?.addEventListener("input", () => act("command", searchFields()));
  $("name").addEventListener("change", () => { if ([...$("names").options].some((o) => o.value === $("name").value)) act("open", { name: $("name").value }); });
  $("copy-link").addEventListener("click", async () => {
    const address = `${location.origin}/#${link}`;
    try { await navigator.clipboard.writeText(address); say("copied"); } catch { say(address); }
  });
  $("zoom-in").addEventListener("click", () => zoom(now() * 1.25));
  $("zoom-out").addEventListener("click", () => zoom(now() * 0.8));
  $("zoom-fit").addEventListener("click", () => zoom(null));
  document.querySelector("[role=tablist]").addEventListener("click", (event) => {
    const one = event.target.closest("[role=tab]");
    if (one) tab(one.id.slice(4));
  });
  document.querySelector("[role=tablist]").addEventListener("keydown", (event) => {
    const all = [...document.querySelectorAll("[role=tab]")], at = all.indexOf(document.activeElement);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    const next = all[(to + all.length) % all.length];
    tab(next.id.slice(4));
    next.focus();
  });
  document.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.target.closest(".cm-editor, input")) return;
    const key = event.key.toLowerCase();
    if (key !== "z" && key !== "y") return;
    event.preventDefault();
    act(key === "y" || event.shiftKey ? "redo" : "undo");
  });
  document.addEventListener("click", (event) => {
    const menu = document.querySelector("details.menu");
    if (menu.open && (!menu.contains(event.target) || event.target.closest("button"))) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    const menu = document.querySelector("details.menu");
    if (event.key === "Escape" && menu.open) { menu.open = false; menu.querySelector("summary").focus(); }
  });
  window.addEventListener("hashchange", () => {
    if (location.hash.slice(1) !== link) act("start", { link: location.hash.slice(1) });
  });
  dark.addEventListener("change", () => drawn && drawNetwork(drawn));
  pan();
}

while (!$("editor-host")) await new Promise((r) => setTimeout(r, 20));
await editor();
wire();
window.playground = { receive, view };
act("start", { link: location.hash.slice(1) });
document.documentElement.dataset.ready = "yes";
