// Two networks beside each other: their stages in pairs, and how each differs, in words. What
// `viz/align.py` does, with its weights; a test holds the two together.

const SOURCES = 8, WORK = 9, STRUCTURE = 10;        // the places in a row of `outline` after those
const LABEL = 0, WIDE = 1, USES = 2;               // of `stages`; the places in a piece of work
const MOST = 3;                                     // operations named in one remark
const kind = (s) => s[WHAT].split(":")[0];

/** How much a pair weighs. */
function unlike(a, b, weights) {
  const [few, many] = [a[CHANNELS], b[CHANNELS]].sort((x, y) => x - y);
  return weights.name * (a[NAME] !== b[NAME]) + weights.kind * (kind(a) !== kind(b))
    + weights.height * (a[HEIGHT] !== b[HEIGHT])
    + weights.free * ((a[MACS] > 0) !== (b[MACS] > 0))
    + weights.channels * ((few !== many) + (2 * few < many))
    + weights.times * (a[TIMES] !== b[TIMES]);
}

/** All stages of both in order, in the pairs `[a, b]`, either null, that weigh least together. */
function align(left, right, weights) {
  const { alone } = weights;
  const sums = Array.from({ length: left.length + 1 }, (_, i) =>
    Array.from({ length: right.length + 1 }, (_, j) => (i + j) * alone));
  left.forEach((a, i) => right.forEach((b, j) => {
    sums[i + 1][j + 1] = Math.min(sums[i][j] + unlike(a, b, weights), sums[i][j + 1] + alone,
      sums[i + 1][j] + alone);
  }));
  const pairs = [];
  let i = left.length, j = right.length;
  while (i || j) {
    if (i && j && sums[i][j] === sums[i - 1][j - 1] + unlike(left[i - 1], right[j - 1], weights))
      pairs.push([left[--i], right[--j]]);
    else if (j && sums[i][j] === sums[i][j - 1] + alone) pairs.push([null, right[--j]]);
    else pairs.push([left[--i], null]);
  }
  return pairs.reverse();
}

/** Each pair with what is said of it: `[a, b, kind, remarks]`. */
function changes(left, right, weights) {
  const pairs = align(left, right, weights);
  const renamed = new Map(pairs.filter(([a, b]) => a && b).map(([a, b]) => [a[NAME], b[NAME]]));
  return pairs.map(([a, b]) => {
    if (!a || !b) return [a, b, a ? "removed" : "added", []];
    const remarks = [];
    if (a[NAME] !== b[NAME]) remarks.push(`${kind(a) === kind(b) ? "renamed from"
      : "in the place of"} ${a[NAME]}`);
    const from = new Set(a[SOURCES].map((name) => renamed.get(name) ?? name));
    if (from.size !== new Set(b[SOURCES]).size || b[SOURCES].some((name) => !from.has(name)))
      remarks.push(`takes ${listed(b[SOURCES])} instead of ${listed(a[SOURCES])}`);
    const content = (s) => JSON.stringify([s.slice(CHANNELS, SOURCES), s[WORK], s[STRUCTURE]]);
    if (content(a) !== content(b)) remarks.push(...inside(a, b));
    return [a, b, remarks.length ? "changed" : "same", remarks];
  });
}

/** How the operations of a stage differ, in words. */
function inside(a, b) {
  const remarks = [];
  if (shape(a) !== shape(b)) remarks.push(`gives ${shape(b)} instead of ${shape(a)}`);
  if (kind(a) !== kind(b)) return [...remarks, `${kind(b)} instead of ${kind(a)}`];
  const [was, now] = [a, b].map((s) => s[WORK].reduce((counts, work) =>
    counts.set(work[LABEL], (counts.get(work[LABEL]) ?? 0) + work[USES]), new Map()));
  const less = (x, y) => [...x].map(([label, n]) => [label, n - (y.get(label) ?? 0)])
    .filter(([, n]) => n > 0);
  const [gone, come] = [less(was, now), less(now, was)];
  if (a[WHAT] === b[WHAT] && a[TIMES] !== b[TIMES]) {
    remarks.push(`${b[TIMES]} repeats instead of ${a[TIMES]}`);
    if (!(gone.length && come.length)) return remarks;
  }
  if (gone.length) remarks.push(`without ${counted(gone)}`);
  if (come.length) remarks.push(`with ${counted(come)}`);
  const many = [...was.values()].reduce((sum, n) => sum + n, 0) > 1;
  if (!gone.length && !come.length && many) remarks.push(...widths(a[WORK], b[WORK], was));
  if (remarks.length) return remarks;
  return [a[STRUCTURE] === b[STRUCTURE] ? "its inputs have other shapes"
    : "wired or set in another way"];
}

/** Operations that give other numbers of channels; labels and their counts are equal. */
function widths(before, after, labels) {
  const found = new Set();
  for (const label of labels.keys()) {
    const [was, now] = [before, after].map((side) => side.filter((work) => work[LABEL] === label)
      .flatMap((work) => Array(work[USES]).fill(work[WIDE])));
    was.forEach((c, i) => c !== now[i] && found.add(`${label}: ${now[i]} instead of ${c} channels`));
  }
  return [...found].slice(0, MOST);
}

function counted(labels) {
  const shown = [...labels].sort((x, y) => y[1] - x[1]).slice(0, MOST)
    .map(([label, n]) => (n > 1 ? `${n} ${label}` : label));
  const more = labels.length - MOST;
  return shown.join("; ") + (more > 0 ? ` and ${more} more` : "");
}

const listed = (names) => names.join(", ") || "nothing";

let weights = null;

/** A table of the difference from `a` to `b`. */
async function differenceTable(a, b) {
  const cell = (s) => (s ? el("td", {}, el("b", {}, s[NAME]), ` ${titled(s)}`, el("br"),
    el("small", {}, shape(s))) : el("td", { class: "none" }, "–"));
  const number = (n) => el("td", { class: "number" }, n ? signed(n) : "");
  const found = changes(a.outline, b.outline, await (weights ??= unpack("weights")));
  const rows = found.map(([x, y, what, remarks]) => el("tr", { class: what }, cell(x), cell(y),
    el("td", {}, remarks.length ? remarks.flatMap((said, i) => (i ? [el("br"), said] : [said]))
      : what),
    number((y ? y[MACS] : 0) - (x ? x[MACS] : 0)),
    number((y ? y[PARAMS] : 0) - (x ? x[PARAMS] : 0))));
  const before = (n, m) => el("td", { class: "number" }, signed(m - n), el("br"),
    el("small", {}, `${amount(n)} → ${amount(m)}`));
  return el("div", { class: "wide", tabindex: "0", role: "region",
    "aria-label": `difference from ${a.name} to ${b.name}` },
  el("table", { class: "difference" }, el("thead", {}, el("tr", {},
    [a.name, b.name, "what changes", "MACs", "params"].map((h, i) => el("th",
      { scope: "col", class: i > 2 ? "number" : null }, h)))), el("tbody", {}, rows),
  el("tfoot", {}, el("tr", {}, el("th", { scope: "row" }, "total"), el("td"), el("td"),
    before(a.macs, b.macs), before(a.params, b.params)))));
}
