// What all pages share. Texts reach the page as text nodes only, never as markup.

/** The data that lies in the page under an id: base64 of gzip of JSON. */
async function unpack(id) {
  const packed = atob(document.getElementById(id).textContent.trim());
  const bytes = Uint8Array.from(packed, (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}

/** An element with attributes (`on…` are listeners) and children; null children are left out. */
function el(tag, attributes = {}, ...children) {
  const svg = ["svg", "g", "rect", "text", "title", "line", "path"].includes(tag);
  const made = svg ? document.createElementNS("http://www.w3.org/2000/svg", tag)
    : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return made;
}

/** A count for people: 300.8M, 6.31G, 507K. */
function amount(n) {
  for (const [unit, size] of [["G", 1e9], ["M", 1e6], ["K", 1e3]])
    if (n >= size * 0.99995) return (n / size).toFixed(n / size >= 10 ? 1 : 2) + unit;
  return String(n);
}

const whole = (n) => n.toLocaleString("en");
const signed = (n) => (n > 0 ? "+" : n < 0 ? "−" : "") + amount(Math.abs(n));
const percent = (x, digits = 1) => `${(100 * x).toFixed(digits)} %`;

/** What is said aloud to a screen reader, and shown for a moment. */
function say(text) {
  const said = document.getElementById("said");
  said.textContent = text;
  clearTimeout(say.until);
  say.until = setTimeout(() => { said.textContent = ""; }, 4000);
}

/** A button that copies a text. */
function copyButton(label, text) {
  return el("button", { type: "button", class: "copy", onclick: async () => {
    const content = text();
    try {
      await navigator.clipboard.writeText(content);
    } catch {                           // a browser that keeps the clipboard from files
      const area = el("textarea", { class: "away", "aria-hidden": "true" });
      area.value = content;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    say("copied");
  } }, label);
}
