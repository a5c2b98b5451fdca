// One network: a schematic, its costs stage by stage, its YAML, its drawing.

const NAME = 0, WHAT = 1, TIMES = 2, CHANNELS = 3, HEIGHT = 4, WIDTH = 5, MACS = 6, PARAMS = 7,
  REMARK = 8;                                       // the places in a row of `stages`
const shape = (s) => (s[CHANNELS] ? `${s[CHANNELS]}×${s[HEIGHT]}×${s[WIDTH]}` : "–");
const titled = (s) => (s[TIMES] > 1 ? `${s[WHAT]} ×${s[TIMES]}` : s[WHAT]);

/** Bars as high as the image is (in powers of two) and as dark as the share of the MACs. */
function schematic(network) {
  const stages = network.stages.filter((s) => s[CHANNELS]);
  const step = 34, top = 118, tall = 92;
  const levels = Math.log2(network.input[1] + 1);
  const width = stages.length * step + 44;
  const drawn = el("svg", { viewBox: `0 0 ${width} ${top + 74}`, width, height: top + 74,
    role: "img", class: "schematic", "aria-label": `${network.name}: ${stages.length} stages, `
      + `${shape(stages[0])} to ${shape(stages[stages.length - 1])}` });
  stages.forEach((s, i) => {
    const share = network.macs ? s[MACS] / network.macs : 0;
    const high = Math.max(3, (tall * Math.log2(s[HEIGHT] + 1)) / levels);
    const x = 6 + i * step, before = i ? stages[i - 1] : null;
    drawn.append(el("g", {},
      el("title", {}, `${s[NAME]}: ${titled(s)}, ${shape(s)}, ${percent(share)} of the MACs`),
      el("rect", { x, y: top - high, width: step - 6, height: high, rx: 3,
        style: `--share:${Math.round(8 + 92 * Math.min(1, share * 2.5))}%` }),
      before && before[HEIGHT] === s[HEIGHT] ? null
        : el("text", { x: x + 14, y: top - high - 5, class: "size" }, String(s[HEIGHT])),
      el("text", { x: x + 14, y: top + 13, class: "size" }, String(s[CHANNELS])),
      el("text", { transform: `translate(${x + 11},${top + 22}) rotate(48)` },
        s[NAME].length > 13 ? `${s[NAME].slice(0, 12)}…` : s[NAME])));
  });
  return el("div", { class: "wide", tabindex: "0", role: "group",
    "aria-label": "schematic of the stages" }, drawn);
}

/** The cost table. */
function costs(network) {
  const remarks = network.stages.some((s) => s[REMARK]);
  const head = ["step", "what", "output", "MACs", "share", "params", ...(remarks ? ["remarks"] : [])];
  return el("div", { class: "wide", tabindex: "0", role: "region", "aria-label": "cost table" },
    el("table", { class: "costs" },
      el("thead", {}, el("tr", {}, head.map((h, i) => el("th",
        { scope: "col", class: i > 2 && i < 6 ? "number" : null }, h)))),
      el("tbody", {}, network.stages.map((s) => {
        const share = network.macs ? s[MACS] / network.macs : 0;
        return el("tr", {}, el("td", {}, s[NAME]), el("td", {}, titled(s)), el("td", {}, shape(s)),
          el("td", { class: "number" }, whole(s[MACS])),
          el("td", { class: "number bar", style: `--share:${percent(share)}` },
            s[MACS] ? percent(share) : ""),
          el("td", { class: "number" }, whole(s[PARAMS])),
          remarks ? el("td", {}, s[REMARK]) : null);
      })),
      el("tfoot", {}, el("tr", {}, el("th", { scope: "row" }, "total"), el("td"), el("td"),
        el("td", { class: "number" }, whole(network.macs)), el("td"),
        el("td", { class: "number" }, whole(network.params)), remarks ? el("td") : null))));
}

/** A drawing in the colours of the reader's theme, laid out by Graphviz when it is unfolded. What is
 *  given is DOT, or SVG that is laid out already; text was escaped there, scripts do not run here. */
let graphviz = null;
async function drawn(text, label) {
  const themes = await colours, dim = (c) => themes.darker[c.toLowerCase()] ?? c;
  const shown = dark.matches ? text.replace(/#[0-9a-f]{6}/gi, dim) : text;
  graphviz ??= shown.startsWith("<svg") ? null : window.Viz.instance();
  const made = shown.startsWith("<svg")
    ? document.importNode(new DOMParser().parseFromString(shown, "image/svg+xml").documentElement,
      true)
    : (await graphviz).renderSVGElement(shown);
  for (const node of [made, ...made.querySelectorAll("[id]")]) node.removeAttribute("id");
  made.querySelectorAll("a").forEach((link) => link.replaceWith(...link.childNodes));
  made.setAttribute("role", "img");
  made.setAttribute("aria-label", label);
  return made;
}

/** A part that folds. */
function fold(title, open, ...content) {
  return el("details", { open }, el("summary", {}, title), ...content);
}

/** A drawing that folds. */
function picture(title, open, text, label) {
  const host = el("div", { class: "wide drawing", tabindex: "0", role: "group", "aria-label": label });
  const made = fold(title, open, host);
  const fill = async () => made.open && host.replaceChildren(await drawn(text, label));
  made.addEventListener("toggle", () => host.firstChild || fill());
  dark.addEventListener("change", () => host.isConnected && host.firstChild && fill());
  return made;
}

/** All that is known of a network. A fact is `[name, text]`; with `true` after it, it comes first. */
function panel(network, { facts = [], blocks = "", extra = [] } = {}) {
  const lines = [...facts.filter(([, , first]) => first), ["MACs", `${whole(network.macs)} (${amount(network.macs)})`],
    ["parameters", `${whole(network.params)} (${amount(network.params)})`],
    ["peak activations", `${amount(network.memory)}B, in ${network.peak}`],
    ["input", network.input.join("×")],
    ...facts.filter(([, , first]) => !first)];
  return [el("h3", { tabindex: "-1" }, network.name),
    el("dl", { class: "facts" }, lines.map(([k, v]) => el("div", {}, el("dt", {}, k),
      el("dd", {}, v)))),
    schematic(network), ...extra,
    picture("Drawing", true, network.dot, `drawing of ${network.name}`),
    ...(blocks ? [picture("Distinct blocks of the family", false, blocks, "its distinct blocks")] : []),
    fold("Costs, stage by stage", false, costs(network)),
    fold("YAML", false, copyButton("Copy the YAML", () => network.yaml),
      el("pre", { tabindex: "0" }, network.yaml))];
}
