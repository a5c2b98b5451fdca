// Plots in Vega-Lite: drawn when they come near the screen, in the colours of the reader's theme.

const colours = unpack("themes");
const dark = matchMedia("(prefers-color-scheme: dark)");
const TALL = 540;                     // pixels
const MANY = 600;                     // marks above which a canvas is quicker than SVG

/** Draw `spec` into `host`; `host.view` is then Vega's. Answers when it is drawn. */
async function draw(host, spec, ready = () => {}) {
  const themes = (await colours).plots;
  const count = Math.max(...[spec, ...(spec.layer || [])].map((l) => l.data?.values?.length || 0));
  const made = await window.vegaEmbed(host, spec, {
    actions: false, ast: true, renderer: count > MANY ? "canvas" : "svg", tooltip: { theme: "custom" },
    config: { ...themes[dark.matches ? "dark" : "light"], aria: false } });
  host.view = made.view;
  host.querySelector("svg.marks, canvas.marks").setAttribute("aria-hidden", "true");  // `host` says it
  host.setAttribute("data-drawn", "");
  ready(made.view);
}

/** Draw once `host` is near the screen or is to be printed, and again in other colours. */
function drawNear(host, spec) {
  let near = false;
  const begin = () => {
    if (near) return;
    near = true;
    draw(host, spec);
  };
  new IntersectionObserver((entries, observer) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    observer.disconnect();
    begin();
  }, { rootMargin: "300px" }).observe(host);
  window.addEventListener("beforeprint", begin);
  dark.addEventListener("change", () => near && draw(host, spec));
}

/** A plane of networks to choose from by mouse or keys: `onChoose(id)`. Gives a function that
 *  marks the chosen one. */
async function plane(host, spec, onChoose) {
  const layer = spec.layer.find((l) => l.data?.name === "marks");
  const marks = [...layer.data.values].sort((a, b) => a.x - b.x || a.y - b.y);
  let at = null;
  const mark = (id) => {
    at = marks.findIndex((m) => m.id === String(id));
    host.view?.data("chosen", at < 0 ? [] : [marks[at]]).runAsync();
  };
  // beside the panel of the chosen network there is room for a tall one
  const beside = host.closest(".explore") && matchMedia("(min-width: 56.01rem)");
  const again = () => draw(host, beside?.matches ? { ...spec, height: TALL } : spec, (view) => {
    view.addEventListener("click", (_, item) => item?.datum?.id && onChoose(item.datum.id));
    if (at !== null && at >= 0) mark(marks[at].id);
  });
  host.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1,
      Home: -marks.length, End: marks.length }[event.key];
    if (!step || !marks.length) return;
    event.preventDefault();
    const next = at === null || at < 0 ? 0 : Math.min(Math.max(at + step, 0), marks.length - 1);
    onChoose(marks[next].id);
  });
  dark.addEventListener("change", again);
  beside?.addEventListener("change", again);
  await again();
  return mark;
}
