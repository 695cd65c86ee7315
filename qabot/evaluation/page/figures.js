"use strict";

// The figures as numbers: all of them, and one of them over the kinds of cases.

// Whether a score of a case is one to look into.
function isPoor(name, value) {
  if (typeof value !== "number") return false;
  return DATA.lower_is_better.includes(name) ? value > 0 : value < 1;
}

function interval(figure) {
  return number(figure.low, 3) + " \u2013 " + number(figure.high, 3);
}

function figureRow(name, figure) {
  const bar = element("div", { class: "bar", "aria-hidden": "true" }, element("i"), element("b"));
  const share = (value) => 100 * Math.max(0, Math.min(1, value || 0)) + "%";
  bar.firstChild.style.left = share(figure.low);
  bar.firstChild.style.width = share(figure.high - figure.low);
  bar.lastChild.style.left = share(figure.value);
  return element("tr", {},
    element("th", { scope: "row" }, name),
    element("td", { class: "figure" }, number(figure.value, 3)),
    element("td", { class: "figure" }, interval(figure)),
    element("td", { class: "figure" }, figure.cases),
    element("td", {}, bar));
}

function figureTable(first, rows) {
  const heads = [first, "value", "95% interval", "cases", ""];
  return element("div", { class: "wide" }, element("table", { class: "figures" },
    element("thead", {}, element("tr", {}, heads.map((head) => element("th", { scope: "col" }, head)))),
    element("tbody", {}, rows)));
}

function showCounts(summary) {
  const said = [];
  for (const [name, value] of Object.entries(summary.counts)) {
    if (value || ["cases", "errors"].includes(name)) said.push([value.toLocaleString("en"), name]);
  }
  for (const [name, value] of Object.entries(summary.latency_ms)) {
    said.push([milliseconds(value), name]);
  }
  for (const [name, value] of Object.entries(summary.tokens || {})) {
    said.push([value.toLocaleString("en"), name]);
  }
  if (typeof summary.cost_usd === "number") said.push(["$" + summary.cost_usd.toFixed(4), "cost"]);
  document.getElementById("counts").append(element("ul", { class: "counts" },
    said.map(([value, name]) => element("li", {}, element("b", {}, value), " ",
      name.replaceAll("_", " ")))));
}

function showFigures(summary, choose) {
  const names = Object.keys(summary.figures);
  if (!names.length) return;
  const select = element("select", { id: "figure" },
    names.map((name) => element("option", { value: name }, name)));
  select.value = names.includes("right") ? "right" : names[0];
  const body = element("div", {});
  const draw = () => {
    const rows = [["all cases", summary.figures[select.value], null]];
    for (const [kind, figures] of Object.entries(summary.by_answerable || {})) {
      rows.push([kind, figures[select.value], { answerable: kind }]);
    }
    for (const [tag, figures] of Object.entries(summary.by_tag || {})) {
      rows.push([tag, figures[select.value], { tag }]);
    }
    body.replaceChildren(figureTable("kind of case", rows.filter((row) => row[1]).map(
      ([name, figure, filter]) => figureRow(filter ? element("button",
        { type: "button", class: "quiet", onclick: () => choose(filter) }, name) : name, figure))));
  };
  select.addEventListener("change", draw);
  draw();
  const all = names.map((name) => figureRow(name, summary.figures[name]));
  document.getElementById("figures").append(
    element("details", {}, element("summary", {}, "All figures as numbers"),
      figureTable("figure", all), element("p", { class: "note" },
        "Intervals come from drawing " + summary.resampled + " again and again.")),
    element("details", {}, element("summary", {}, "One figure by kind of case"),
      element("p", {}, element("label", { for: "figure" }, "Figure "), select), body));
}
