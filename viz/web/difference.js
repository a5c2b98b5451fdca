// Two networks beside each other: stages aligned as in an edit distance, what changed in words.

/** How unlike two stages are: 0 for the same, above 2 no pair. */
function unlike(a, b) {
  return (a[WHAT] === b[WHAT] ? 0 : 0.8) + (a[HEIGHT] === b[HEIGHT] ? 0 : 0.7)
    + (a[CHANNELS] === b[CHANNELS] ? 0 : 0.2) + (a[TIMES] === b[TIMES] ? 0 : 0.2)
    + (a[NAME] === b[NAME] ? 0 : 0.05);
}

/** Pairs of stages `[a, b]`, either null; of least cost, a stage without partner costing 0.9. */
function align(left, right) {
  const gap = 0.9, cost = [];
  for (let i = 0; i <= left.length; i++) {
    cost.push([i * gap]);
    for (let j = 1; j <= right.length; j++) cost[i].push(i === 0 ? j * gap : Math.min(
      cost[i - 1][j - 1] + unlike(left[i - 1], right[j - 1]),
      cost[i - 1][j] + gap, cost[i][j - 1] + gap));
  }
  const pairs = [];
  let i = left.length, j = right.length;
  while (i || j) {
    if (i && j && cost[i][j] === cost[i - 1][j - 1] + unlike(left[i - 1], right[j - 1]))
      pairs.unshift([left[--i], right[--j]]);
    else if (i && cost[i][j] === cost[i - 1][j] + gap) pairs.unshift([left[--i], null]);
    else pairs.unshift([null, right[--j]]);
  }
  return pairs;
}

/** What changes from `a` to `b`, in words. */
function changes(a, b) {
  if (!a) return "added";
  if (!b) return "removed";
  const said = [];
  if (titled(a) !== titled(b)) said.push(a[WHAT] === b[WHAT] ? `×${a[TIMES]} → ×${b[TIMES]}`
    : `${titled(a)} → ${titled(b)}`);
  if (shape(a) !== shape(b)) said.push(`${shape(a)} → ${shape(b)}`);
  return said.join("; ") || (a[MACS] === b[MACS] && a[PARAMS] === b[PARAMS] ? "same" : "inside");
}

/** A table of the difference from `a` to `b`. */
function differenceTable(a, b) {
  const cell = (s) => (s ? el("td", {}, `${s[NAME]}: ${titled(s)}`, el("br"),
    el("small", {}, shape(s))) : el("td", { class: "none" }, "–"));
  const number = (n) => el("td", { class: "number" }, n ? signed(n) : "");
  const rows = align(a.stages, b.stages).map(([x, y]) => {
    const said = changes(x, y);
    return el("tr", { class: said === "same" ? "same" : said === "added" || said === "removed"
      ? said : "changed" }, cell(x), cell(y), el("td", {}, said),
    number((y ? y[MACS] : 0) - (x ? x[MACS] : 0)),
    number((y ? y[PARAMS] : 0) - (x ? x[PARAMS] : 0)));
  });
  const before = (n, m) => el("td", { class: "number" }, signed(m - n), el("br"),
    el("small", {}, `${amount(n)} → ${amount(m)}`));
  return el("div", { class: "wide", tabindex: "0", role: "region",
    "aria-label": `difference from ${a.name} to ${b.name}` },
  el("table", { class: "difference" }, el("thead", {}, el("tr", {},
    [a.name, b.name, "change", "MACs", "params"].map((h, i) => el("th",
      { scope: "col", class: i > 2 ? "number" : null }, h)))), el("tbody", {}, rows),
  el("tfoot", {}, el("tr", {}, el("th", { scope: "row" }, "total"), el("td"), el("td"),
    before(a.macs, b.macs), before(a.params, b.params)))));
}
