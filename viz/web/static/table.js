// A table that is sorted by its heads and filtered by words; it shows a page of rows at a time.

const PAGE = 25;
const SCALES = { k: 1e3, m: 1e6, g: 1e9 };

/** `300M` as a number; NaN where a text is none. */
function readNumber(text) {
  const found = /^([-+]?[\d.]+)([kmg]?)$/i.exec(text);
  return found ? Number(found[1]) * (SCALES[found[2].toLowerCase()] || 1) : NaN;
}

/** A predicate for `macs<300M front k=5 word`: every part must hold. `value(row, name)` is a field
 *  by name, undefined where there is none; `text(row)` is what bare words are looked for in. */
function predicate(query, value, text) {
  const tests = query.trim().split(/\s+/).filter(Boolean).map((part) => {
    const found = /^([\w.@-]+?)(<=|>=|!=|<|>|=)(.+)$/.exec(part);
    if (!found) return (row) => text(row).toLowerCase().includes(part.toLowerCase());
    const [, name, sign, wanted] = found;
    const number = readNumber(wanted);
    return (row) => {
      const have = value(row, name);
      if (have === undefined || have === null) return false;
      const both = !Number.isNaN(number) && typeof have === "number";
      const order = both ? have - number : String(have).localeCompare(wanted);
      const same = both ? have === number : String(have).toLowerCase() === wanted.toLowerCase();
      return { "<": order < 0, ">": order > 0, "<=": order <= 0, ">=": order >= 0,
        "=": same, "!=": !same }[sign];
    };
  });
  return (row) => tests.every((test) => test(row));
}

/** The table. A column has `key`, `title`, perhaps `number`, `show(row)` and `cell(row)`. Gives
 *  `{ mark(id) }`, which shows the chosen row. */
function sortedTable({ host, caption, columns, rows, value, text, sort, input, count }) {
  let order = sort, page = 0, marked = null, found = rows;
  const body = el("tbody");
  const pager = el("div", { class: "pager" });
  const heads = columns.map((column) => {
    const button = el("button", { type: "button", onclick: () => {
      order = { key: column.key, up: order.key === column.key ? !order.up : !column.number };
      page = 0;
      refresh();
    } }, column.title);
    return el("th", { scope: "col", class: column.number ? "number" : null }, button);
  });
  host.append(el("div", { class: "wide", tabindex: "0", role: "region", "aria-label": caption },
    el("table", {}, el("caption", { class: "away" }, caption),
      el("thead", {}, el("tr", {}, heads)), body)), pager);

  function refresh() {
    const test = predicate(input.value, value, text);
    found = rows.filter(test);
    const sign = order.up ? 1 : -1;
    found.sort((a, b) => {
      const [x, y] = [value(a, order.key), value(b, order.key)];
      if (x === y) return 0;
      if (x === undefined || x === null || x === "") return 1;      // what is missing comes last
      if (y === undefined || y === null || y === "") return -1;
      return sign * (typeof x === "number" ? x - y : String(x).localeCompare(String(y), "en",
        { numeric: true }));
    });
    heads.forEach((head, i) => head.setAttribute("aria-sort", columns[i].key !== order.key ? "none"
      : order.up ? "ascending" : "descending"));
    count.textContent = `${whole(found.length)} of ${whole(rows.length)}`;
    show();
  }

  function show() {
    const last = Math.max(Math.ceil(found.length / PAGE) - 1, 0);
    page = Math.min(page, last);
    body.replaceChildren(...found.slice(page * PAGE, (page + 1) * PAGE).map((row) => el("tr",
      { "data-id": row.id, class: row.id === marked ? "marked" : null },
      columns.map((column) => el("td", { class: column.number ? "number" : null },
        column.cell ? column.cell(row) : column.show ? column.show(row)
          : String(value(row, column.key) ?? ""))))));
    const turn = (label, to, possible) => el("button", { type: "button", disabled: !possible,
      onclick: () => { page = to; show(); } }, label);
    pager.replaceChildren(...(last ? [turn("previous", page - 1, page > 0),
      el("span", {}, `page ${page + 1} of ${last + 1}`), turn("next", page + 1, page < last)] : []));
  }

  input.addEventListener("input", () => { page = 0; refresh(); });
  refresh();
  return { mark(id) { marked = id; show(); } };
}
