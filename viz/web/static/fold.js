// Folding: the page holds the statements of the graph, one for each box and group; what is shown is
// put together again as DOT, laid out by Graphviz, and edges end at the folded group around them.
"use strict";
(async () => {
  const graph = JSON.parse(document.getElementById("graph").textContent);
  const place = document.getElementById("drawing");
  const status = document.getElementById("status");
  const folded = new Set(Object.keys(graph.groups));
  const viz = await Viz.instance();
  let scale = 1.33;
  let across = graph.direction === "LR";

  const children = {};
  for (const [name, item] of [...Object.entries(graph.nodes), ...Object.entries(graph.groups)])
    (children[item.parent] ||= []).push([item.order, name]);
  for (const list of Object.values(children)) list.sort((a, b) => a[0] - b[0]);

  function above(name) {                 // the groups around a box or group, outermost first
    const found = [];
    for (let at = (graph.nodes[name] || graph.groups[name]).parent; at; at = graph.groups[at].parent)
      found.unshift(at);
    return found;
  }

  function dot() {
    const lines = [graph.head, across ? "rankdir=LR" : "rankdir=TB"];
    const write = (parent) => {
      for (const [, name] of children[parent] || []) {
        const group = graph.groups[name];
        if (!group) lines.push(graph.nodes[name].text);
        else if (folded.has(name)) lines.push(group.closed);
        else {
          lines.push(`subgraph ${name} {`, group.open);
          write(name);
          lines.push("}");
        }
      }
    };
    write("");
    const drawn = new Set();
    for (const [from, to, style] of graph.edges) {
      const [tail, head] = [from, to].map((name) => above(name).find((g) => folded.has(g)) || name)
        .map((name) => (graph.groups[name] ? name.replace("cluster", "folded") : name));
      const key = `${tail} -> ${head}`;
      if (tail === head || drawn.has(key)) continue;
      drawn.add(key);
      lines.push(`${key} ${style}`);
    }
    return lines.join("\n") + "\n}";
  }

  function toggle(name) {
    if (!folded.delete(name)) folded.add(name);
    draw(name);
  }

  function draw(focus) {
    status.textContent = "laying out …";
    setTimeout(() => {
      const svg = viz.renderSVGElement(dot());
      svg.removeAttribute("width");
      svg.removeAttribute("height");
      place.replaceChildren(svg);
      size();
      for (const part of svg.querySelectorAll("g.node, g.cluster")) {
        const title = part.querySelector("title");
        const name = title.textContent.replace("folded", "cluster");
        title.remove();
        const group = graph.groups[name];
        if (!group) continue;
        const open = !folded.has(name);
        part.setAttribute("role", "button");
        part.setAttribute("tabindex", "0");
        part.setAttribute("aria-expanded", String(open));
        part.setAttribute("aria-label", group.title);
        part.dataset.group = name;
        part.addEventListener("click", () => toggle(name));
        part.addEventListener("keydown", (event) => {
          if (event.key !== "Enter" && event.key !== " ") return;
          event.preventDefault();
          toggle(name);
        });
        if (name === focus) part.focus();
      }
      const shown = svg.querySelectorAll("g.node").length;
      status.textContent = `${shown} of ${Object.keys(graph.nodes).length} operations and groups shown`;
    }, 10);
  }

  function size() {
    const svg = place.firstElementChild;
    if (svg) svg.style.width = `${svg.viewBox.baseVal.width * scale}px`;
  }

  const on = (id, act) => document.getElementById(id).addEventListener("click", act);
  on("fold", () => { Object.keys(graph.groups).forEach((g) => folded.add(g)); draw(); });
  on("unfold", () => { folded.clear(); draw(); });
  on("deeper", () => {
    const visible = [...folded].filter((g) => !above(g).some((outer) => folded.has(outer)));
    visible.forEach((g) => folded.delete(g));
    draw();
  });
  on("smaller", () => { scale /= 1.25; size(); });
  on("larger", () => { scale *= 1.25; size(); });
  on("turn", () => { across = !across; draw(); });
  draw();
})();
