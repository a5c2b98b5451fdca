// The gallery: every bundled network in a table; the chosen ones beside each other, at most two.

const zoo = await unpack("zoo");
const byId = new Map(zoo.rows.map((row) => [row.id, row]));
const families = new Map();
let chosen = [], mark = () => {};

/** The networks of a family, with a drawing: `{ networks, blocks }`. */
async function family(name) {
  if (!families.has(name)) families.set(name, await unpack(`family-${zoo.families.indexOf(name)}`));
  return families.get(name);
}

const details = async (id) => (await family(byId.get(id).family)).networks[id];

/** Show one more network, or no longer. */
async function toggle(id, scroll = true) {
  chosen = chosen.includes(id) ? chosen.filter((c) => c !== id) : [...chosen, id].slice(-2);
  await show();
  if (scroll && chosen.includes(id)) {
    document.getElementById("chosen").scrollIntoView({ block: "start" });
    document.querySelector(`[data-panel="${CSS.escape(id)}"] h3`).focus({ preventScroll: true });
  }
}

async function show() {
  history.replaceState(null, "", `#${chosen.map(encodeURIComponent).join(",")}`);
  document.getElementById("chosen").hidden = !chosen.length;
  const panels = await Promise.all(chosen.map(async (id) => {
    const { blocks } = await family(byId.get(id).family);
    const row = byId.get(id);
    const network = await details(id);
    return el("article", { "data-panel": id, class: "panel" }, panel(network, {
      facts: [...row.figures, ["standing", row.standing || "no published figures"],
        ["source", row.source], ...(row.note ? [["note", row.note]] : [])],
      blocks,
      extra: [el("p", {}, el("button", { type: "button", onclick: () => toggle(id) },
        "Close"))] }));
  }));
  document.getElementById("panels").replaceChildren(...panels);
  document.getElementById("panels").classList.toggle("two", chosen.length === 2);
  const host = document.getElementById("difference");
  host.replaceChildren(...(chosen.length === 2 ? [el("h3", {}, "Difference"),
    await differenceTable(...(await Promise.all(chosen.map(details))))] : []));
  document.querySelectorAll("#table input[type=checkbox]").forEach((box) => {
    box.checked = chosen.includes(box.value);
  });
  mark(chosen.at(-1) ?? "");
  say(chosen.length ? `shown: ${chosen.join(" and ")}` : "nothing is chosen");
}

const columns = [
  { key: "name", title: "network", cell: (r) => el("label", { class: "choice" },
    el("input", { type: "checkbox", value: r.id, checked: chosen.includes(r.id),
      onchange: () => toggle(r.id) }), r.id) },
  { key: "macs", title: "MACs", number: true, show: (r) => amount(r.macs) },
  { key: "params", title: "params", number: true, show: (r) => amount(r.params) },
  { key: "input", title: "input", number: true, show: (r) => String(r.input) },
  { key: "top1", title: "top-1", number: true, 
    show: (r) => (r.top1 ? `${r.top1} %${r.unchecked ? " ?" : ""}` : "") },
  { key: "standing", title: "standing" },
  { key: "source", title: "source", show: (r) => r.source.split(",")[0] }];
sortedTable({ host: document.getElementById("table"), caption: "Bundled networks", columns,
  rows: zoo.rows, value: (r, name) => r[name] ?? r[name.toLowerCase()], sort: { key: "name", up: true },
  text: (r) => `${r.id} ${r.source} ${r.standing} ${r.note}`,
  input: document.getElementById("filter"), count: document.getElementById("count") });
mark = await plane(document.getElementById("plot-front"), zoo.plane, (id) => toggle(id, false));
const asked = location.hash.slice(1).split(",").map(decodeURIComponent).filter((id) => byId.has(id));
for (const id of asked.slice(0, 2)) await toggle(id, false);
document.documentElement.dataset.ready = String(Math.round(performance.now()));
