"use strict";

// The places of a document that a case is about, marked in the text that stands around them.

const CONTEXT = 320; // characters shown before and after a place
const LONGEST_PLACE = 4000; // characters; of a longer place its beginning is shown
const PIECE = 5000; // characters of a whole article that are laid out at once
const KINDS = { cited: "cited by the answer", gold: "evidence of the case",
  closest: "passage that came closest" };
const WHOLE = 0.9; // share of a document from which on a place is said to be all of it

// Offsets in code points as offsets in this language's strings.
function inUnits(text, points) {
  const units = new Map();
  if (!/[\ud800-\udfff]/.test(text)) {
    for (const point of points) units.set(point, Math.max(0, Math.min(point, text.length)));
    return units;
  }
  const wanted = [...new Set(points)].sort((one, other) => one - other);
  let unit = 0, point = 0;
  for (const next of wanted) {
    while (point < next && unit < text.length) {
      unit += text.codePointAt(unit) > 0xffff ? 2 : 1;
      point += 1;
    }
    units.set(next, unit);
  }
  return units;
}

// The places as {start, end, kind, label}, in this language's offsets and in their order.
function located(text, places) {
  const units = inUnits(text, places.flatMap((place) => [place.start, place.end]));
  return places
    .map((place) => ({ ...place, start: units.get(place.start), end: units.get(place.end) }))
    .filter((place) => place.start < place.end)
    .sort((one, other) => one.start - other.start || other.end - one.end);
}

// Stretches of text that hold the places with what stands around them; those that touch are one.
function stretches(text, places) {
  const found = [];
  for (const place of places) {
    const end = Math.min(place.end, place.start + LONGEST_PLACE);
    let from = snapped(text, place.start - CONTEXT, -1);
    const to = snapped(text, end + CONTEXT, 1);
    while (from < place.start && /\s/.test(text[from])) from += 1;
    const last = found[found.length - 1];
    if (last && from <= last.end) last.end = Math.max(last.end, to);
    else found.push({ start: from, end: to });
  }
  return found;
}

// All of a text in pieces that end with a line where they can: a browser takes long over one line
// of a megabyte, and does not lay out at all what is far from being seen.
function pieces(text) {
  const found = [];
  for (let start = 0; start < text.length;) {
    let end = Math.min(start + PIECE, text.length);
    const line = text.lastIndexOf("\n", end - 1) + 1;
    if (end < text.length && line > start) end = line;
    if (/[\udc00-\udfff]/.test(text[end] || "")) end += 1;
    found.push({ start, end });
    start = end;
  }
  return found;
}

// The nearest white space outward, so that no word is cut, within 40 characters.
function snapped(text, at, step) {
  at = Math.max(0, Math.min(at, text.length));
  for (let moved = 0; moved < 40 && at > 0 && at < text.length; moved += 1, at += step) {
    if (/\s/.test(text[at])) return at;
  }
  if (at > 0 && at < text.length && /[\udc00-\udfff]/.test(text[at])) at += step;
  return at;
}

// Text between two offsets; where a place lies over it, it is marked with all that it is.
function marked(text, from, to, places) {
  const near = places.filter((place) => place.end > from && place.start < to);
  const edges = new Set([from, to]);
  for (const { start, end } of near) {
    if (start > from && start < to) edges.add(start);
    if (end > from && end < to) edges.add(end);
  }
  const order = [...edges].sort((one, other) => one - other);
  const nodes = [];
  for (let at = 0; at + 1 < order.length; at += 1) {
    const piece = text.slice(order[at], order[at + 1]);
    const over = near.filter((one) => one.start <= order[at] && one.end >= order[at + 1]);
    const begins = over.filter((one) => one.label && one.start === order[at]);
    nodes.push(begins.map((one) => element("sup", { class: "label" }, one.label)));
    if (!over.length) nodes.push(piece);
    else {
      const kinds = [...new Set(over.map((one) => one.kind))];
      const title = kinds.map((kind) => KINDS[kind]).join("; ");
      nodes.push(element("mark", { class: kinds.join(" "), title }, piece));
    }
  }
  return nodes;
}

// A document of a case: its title, the stretches that matter, and all of it when asked for.
function passage(document_, places, title) {
  const text = document_.text;
  let found = located(text, places);
  const whole = found.filter((one) => one.end - one.start > WHOLE * text.length
    && text.length > 2 * CONTEXT);
  found = found.filter((one) => !whole.includes(one));
  const body = element("div", { class: "article", dir: "auto", tabindex: "0" });
  let open = false;
  const button = element("button", { type: "button", class: "quiet" });
  const draw = () => {
    const parts = open ? pieces(text)
      : stretches(text, found.length ? found : [{ start: 0, end: 0 }]);
    const gap = (is) => (is ? element("span", { class: "gap" }, "\u22ef") : "");
    body.replaceChildren(...parts.flatMap((part, index) => [
      gap(!open && (index || part.start)),
      element("div", {}, marked(text, part.start, part.end, found)),
    ]), gap(!open && text.length > parts[parts.length - 1].end));
    button.hidden = !open && parts.length === 1 && parts[0].start === 0
      && parts[0].end === text.length;
    button.textContent = open ? "Show the passages only" : "Show the whole article";
    button.setAttribute("aria-pressed", String(open));
    body.classList.toggle("whole", open);
    const first = body.querySelector("mark");
    body.scrollTop = open && first ? first.offsetTop - body.offsetTop - body.clientHeight / 3 : 0;
  };
  button.addEventListener("click", () => { open = !open; draw(); });
  draw();
  return element("section", { class: "document" },
    element("h4", { dir: "auto" }, clipped(title || document_.title || document_.id, 200), " ",
      button),
    whole.length ? element("p", { class: "note" },
      "The whole article: " + [...new Set(whole.map((one) => KINDS[one.kind]))].join("; ") + ".")
      : null,
    body);
}
