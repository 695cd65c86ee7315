"use strict";

// A case when it is opened: what was asked, said, cited, expected, and why it scored what it did.

function part(title, ...children) {
  return element("section", { class: "part" }, element("h3", {}, title), children);
}

function detail(one, data) {
  const answer = one.answer;
  return element("div", { class: "opened" },
    asked(one),
    one.error ? part("Error", element("p", { class: "wrong" }, one.error)) : null,
    answer ? part("Answer", said(answer)) : null,
    sources(one, data),
    answer && answer.rejected && answer.rejected.length ? part("Withheld", withheld(answer)) : null,
    part("Scores", scoreTable(one.scores)),
    answer && answer.explanation ? found(one, answer.explanation, data) : null,
    part("Timings", timings(one)));
}

function asked(one) {
  const standalone = one.answer && one.answer.explanation && one.answer.explanation.standalone;
  const turns = one.history.map((turn) => element("li", {},
    element("p", { class: "question", dir: "auto" }, turn.question),
    element("p", { dir: "auto" }, turn.answer)));
  const expected = one.answerable
    ? (one.answers.length ? "Answer with " + one.answers.map((text) => "\u201c" + text + "\u201d")
      .join(" or ") : "Answer")
    : "Abstain";
  return part("Question",
    turns.length ? element("ol", { class: "turns" }, turns) : null,
    element("p", { class: "question", dir: "auto" }, clipped(one.question, 10000)),
    standalone ? element("p", { class: "note", dir: "auto" }, "Looked up as: ", standalone) : null,
    element("p", { class: "note", dir: "auto" }, element("b", {}, "Expected: "),
      clipped(expected, 1000)),
    one.twin ? element("p", { class: "note" }, element("b", {}, "Twin: "), one.twin) : null);
}

function said(answer) {
  const notes = answer.notes || [];
  const claims = (answer.claims || []).map((claim) => [
    element("span", {}, claim.text),
    element("sup", { class: "label" }, claim.markers.map((marker) => "[" + marker + "]").join("")),
    claim.verdict === "supported" ? " " : element("em", {}, " (" + claim.verdict + ") "),
  ]);
  const abstained = answer.status !== "answered";
  return [
    element("p", { class: abstained ? "answer abstained" : "answer", dir: "auto" },
      claims.length ? claims : answer.text),
    notes.map((note) => element("p", { class: "note", dir: "auto" }, note)),
  ];
}

// Every document with something to see, cited ones first, as they come in the answer.
function sources(one, data) {
  const places = new Map();
  const note = (place, kind, label) => {
    if (!places.has(place.document_id)) places.set(place.document_id, []);
    places.get(place.document_id).push({ ...place, kind, label });
  };
  const answer = one.answer || {};
  for (const citation of answer.citations || []) note(citation, "cited", "[" + citation.marker + "]");
  for (const closest of answer.closest || []) note(closest, "closest", null);
  for (const gold of one.gold) note(gold, "gold", null);
  const evidence = one.evidence.length && !one.gold.length
    ? part("Evidence", one.evidence.map(quoted)) : null;
  if (!places.size) return evidence;
  const kinds = new Set([...places.values()].flat().map((place) => place.kind));
  const legend = Object.entries(KINDS).filter(([kind]) => kinds.has(kind))
    .map(([kind, meaning]) => [element("mark", { class: kind }, meaning), " "]);
  return [evidence, part("In the articles", element("p", { class: "legend" }, legend),
    [...places].map(([id, here]) => {
      const stored = data.documents[one.documents[id]];
      return stored ? passage(stored, here) : unstored(id, here);
    }))];
}

function quoted(text) {
  return element("blockquote", { dir: "auto" }, clipped(text, 4000));
}

// Of a document whose text is not in the page there are the quotes.
function unstored(id, places) {
  const titled = places.find((place) => place.title);
  return element("section", { class: "document" },
    element("h4", { dir: "auto" }, clipped(titled ? titled.title : id, 200)),
    places.filter((place) => place.quote).map((place) => element("blockquote", { dir: "auto" },
      place.label ? element("sup", { class: "label" }, place.label) : null,
      element("mark", { class: place.kind }, clipped(place.quote, 4000)))));
}

function withheld(answer) {
  return element("ul", { class: "withheld" }, answer.rejected.map((rejected) => element("li", {},
    element("span", { dir: "auto" }, clipped(rejected.text, 4000)),
    rejected.marker ? element("sup", { class: "label" }, "[" + rejected.marker + "]") : null,
    element("p", { class: "note", dir: "auto" }, rejected.reason))));
}

function scoreTable(scores) {
  const rows = Object.entries(scores).map(([name, score]) => element("tr", {},
    element("th", { scope: "row" }, name),
    element("td", { class: isPoor(name, score.value) ? "figure wrong" : "figure" },
      number(score.value, 2)),
    element("td", { dir: "auto" }, clipped(score.reason, 2000))));
  if (!rows.length) return element("p", { class: "note" }, "No score applies to this case.");
  return element("div", { class: "wide" }, element("table", { class: "scores" },
    element("tbody", {}, rows)));
}

function found(one, explanation, data) {
  const hits = (explanation.hits || []).map((hit) => {
    const stored = data.documents[one.documents[hit.document_id]];
    const gold = one.gold.some((span) => span.document_id === hit.document_id
      && span.start < hit.end && hit.start < span.end);
    let text = hit.excerpt;
    if (stored) {
      const [place] = located(stored.text, [hit]);
      text = place ? stored.text.slice(place.start, place.end) : "";
    }
    return element("li", {}, gold ? [element("mark", { class: "gold" }, "evidence"), " "] : null,
      element("span", { dir: "auto" }, clipped((text || "").trim(), 120)),
      element("span", { class: "note" }, " " + hit.document_id + ", " + number(hit.score, 4)));
  });
  return part("What was found",
    element("p", { dir: "auto" }, "Decision: ", explanation.reason),
    hits.length ? element("details", {},
      element("summary", {}, "Passages found first (" + hits.length + ")"),
      element("ol", { class: "hits" }, hits)) : null,
    element("details", {}, element("summary", {}, "Signals"), listed(explanation.signals)));
}

function timings(one) {
  const usage = one.answer && one.answer.usage;
  const parts = Object.entries(one.timings_ms)
    .map(([name, value]) => name.replaceAll("_", " ") + " " + milliseconds(value));
  if (one.answer) parts.push("model " + one.answer.model);
  for (const [name, value] of Object.entries(usage || {})) {
    parts.push(name.replaceAll("_", " ") + " " + value);
  }
  return element("p", { class: "note" }, parts.join(" \u00b7 "));
}
