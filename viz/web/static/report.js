// The report of a study: plane, table and panel show the same chosen network.

const [study, plots] = await Promise.all([unpack("study"), unpack("plots")]);
const byId = new Map(study.rows.map((row) => [row.id, row]));
const chunks = new Map();
let known = null, chosen = null, other = "", mark = () => {};

/** The details of a trial, or of a published network. */
async function details(id) {
  known ??= await unpack("published");
  if (Object.hasOwn(known, id)) return known[id];
  const chunk = Object.hasOwn(study.chunks, id) ? study.chunks[id] : undefined;
  if (chunk === undefined) return null;
  if (!chunks.has(chunk)) chunks.set(chunk, await unpack(`networks-${chunk}`));
  const columns = chunks.get(chunk), at = columns.id.indexOf(id);
  return at < 0 ? null
    : Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, column[at]]));
}

/** A field of a row by the name of a column, of a goal or of a hole. */
function field(row, name) {
  for (const key of [name, name.toLowerCase()]) if (Object.hasOwn(row, key)) return row[key];
  const goal = study.goals.findIndex((g) => g.toLowerCase() === name.toLowerCase());
  if (goal >= 0) return row.values[goal];
  const hole = study.holes.findIndex((h) => h.name === name);
  const at = hole < 0 ? -1 : row.decisions[hole];
  return at < 0 ? undefined : study.holes[hole].labels[at];
}

async function choose(id, { scroll = false, quiet = false } = {}) {
  const network = await details(id);
  if (!network) return;
  chosen = id;
  mark(id);
  table.mark(id);
  history.replaceState(null, "", `#${encodeURIComponent(id)}`);
  const row = byId.get(id), facts = [];
  if (row) {
    study.goals.forEach((g, i) => row.shown[i] && facts.push([g, row.shown[i], true]));
    facts.push(["came about", row.known ? `${row.origin}, from ${row.known}` : row.origin]);
    if (row.error) facts.push(["error", row.error]);
  }
  const rival = study.rivals.find((r) => r.id === id);
  if (rival) facts.push(["scored again", rival.shown, true]);
  const host = document.getElementById("panel");
  host.replaceChildren(...panel(network, { facts,
    extra: [await comparison(id, network)] }));
  if (!quiet) say(`${network.name}: ${amount(network.macs)} MACs${row?.shown[0] ? `, ${study.goals[0]} ${row.shown[0]}` : ""}`);
  if (scroll) {
    host.scrollIntoView({ block: "start" });
    host.querySelector("h3").focus({ preventScroll: true });
  }
}

/** The difference from the nearest published network, or from one that the reader kept. */
async function comparison(id, network) {
  const near = network.near;
  const options = [...(near && near !== id ? [[near, `nearest published: ${near}`]] : []),
    ...(other && other !== id ? [[other, `kept: ${(await details(other)).name}`]] : []),
    ...(study.best && study.best !== id && study.best !== other
      ? [[study.best, `${study.chosen}: trial ${study.best}`]] : [])];
  const host = el("div", { class: "against" });
  const select = el("select", { id: "against", onchange: () => show(select.value) },
    options.map(([value, label]) => el("option", { value }, label)));
  const show = async (from) => host.replaceChildren(
    await differenceTable(await details(from), network));
  if (options.length) {
    const start = other && other !== id ? other : options[0][0];
    select.value = start;
    await show(start);
  }
  return fold("Difference", Boolean(other && other !== id), el("p", {},
    options.length ? el("label", { for: "against" }, "from ") : "", options.length ? select : "",
    el("button", { type: "button", onclick: () => { other = id; say(`${network.name} is kept`); } },
      "Keep this one to compare others with")), host);
}

const open = (row) => el("button", { type: "button", class: "open",
  onclick: () => choose(row.id, { scroll: true }) }, `trial ${row.id}`);
const columns = [{ key: "trial", title: "trial", cell: open },
  ...study.goals.map((g, i) => ({ key: g, title: g, number: true, show: (r) => r.shown[i] ?? "failed" })),
  ...[["macs", "MACs"], ["params", "params"], ["memory", "memory"]]
    .filter(([, title]) => !study.goals.includes(title))
    .map(([key, title]) => ({ key, title, number: true, show: (r) => amount(r[key]) + (key === "memory" ? "B" : "") })),
  ...(!study.goals.includes("latency") && study.rows.some((r) => r.latency !== null)
    ? [{ key: "latency", title: "latency", number: true,
      show: (r) => (r.latency === null ? "" : `${(r.latency / 1e6).toFixed(2)} ms`) }] : []),
  { key: "budget", title: "of budget", number: true, show: (r) => percent(r.budget) },
  { key: "front", title: "front" }, { key: "origin", title: "came about" }];
const table = sortedTable({ host: document.getElementById("table"), caption: "All networks",
  columns, rows: study.rows, value: field, input: document.getElementById("filter"),
  count: document.getElementById("count"), sort: { key: study.goals[0], up: !study.maximize },
  text: (r) => `trial ${r.id} ${r.origin} ${r.known} ${r.front} ${r.error}` });

for (const [name, spec] of Object.entries(plots))
  if (name !== "front") drawNear(document.getElementById(`plot-${name}`), spec);
document.getElementById("copy-command")?.replaceWith(copyButton("Copy the command",
  () => document.getElementById("command").textContent));
if (plots.front) 
  mark = await plane(document.getElementById("plot-front"), plots.front, (id) => choose(id));
const asked = decodeURIComponent(location.hash.slice(1));
const first = asked && (await details(asked)) ? asked : study.best;
if (first) await choose(first, { quiet: true });
document.documentElement.dataset.ready = String(Math.round(performance.now()));
