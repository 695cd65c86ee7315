"use strict";

// The table of cases: filtered, sorted, drawn a hundred rows at a time.

const ROWS = 100;
const COLUMNS = [
  ["order", "#", (one) => one.order],
  ["state", "Outcome", (one) => ["error", "wrong", "right", "unscored"].indexOf(one.state)],
  ["id", "Case", (one) => one.id],
  ["question", "Question and answer", (one) => one.question.toLowerCase()],
  ["tags", "Tags", (one) => one.tags.join(" ")],
  ["time", "Time", (one) => one.timings_ms.total || 0],
];

function stateOf(one) {
  if (one.error || !one.answer) return "error";
  const right = one.scores.right && one.scores.right.value;
  return typeof right !== "number" ? "unscored" : right >= 1 ? "right" : "wrong";
}

class Table {
  constructor(data) {
    this.data = data;
    this.sort = { name: "order", down: false };
    this.details = new Map(); // row -> its opened detail
    data.cases.forEach((one, index) => Object.assign(one, { order: index + 1, state: stateOf(one) }));
    this.build();
    this.apply();
  }

  build() {
    const { cases, lower_is_better: lower } = this.data;
    const tags = [...new Set(cases.flatMap((one) => one.tags))].sort();
    const scores = [...new Set(cases.flatMap((one) => Object.keys(one.scores)))];
    const same = (values) => values.map((value) => [value, value]);
    this.filters = {
      text: element("input", { type: "search", placeholder: "Search questions, answers, ids, errors" }),
      tag: choice([["", "any tag"], ...same(tags)]),
      answerable: choice([["", "answerable or not"], ...same(["answerable", "unanswerable"])]),
      state: choice([["", "right or wrong"], ...same(["right", "wrong", "error", "unscored"])]),
      score: choice([["", "any score"], ["*", "some score is poor"], ...scores.map((name) =>
        [name, name + (lower.includes(name) ? " above 0" : " below 1")])]),
    };
    for (const [name, field] of Object.entries(this.filters)) {
      field.id = "filter-" + name;
      field.setAttribute("aria-label", "Filter by " + name);
      field.addEventListener("input", () => this.apply());
    }
    this.count = element("p", { id: "shown", role: "status" });
    this.heads = COLUMNS.map(([name, title]) => element("th", { scope: "col" },
      element("button", { type: "button", onclick: () => this.order(name) }, title)));
    this.body = element("tbody", {});
    this.more = element("button", { type: "button", id: "more", onclick: () => this.draw(ROWS) });
    document.getElementById("table").append(
      element("form", { class: "filters" }, Object.values(this.filters)), this.count,
      element("table", { class: "cases" },
        element("thead", {}, element("tr", {}, this.heads)), this.body), this.more);
    new IntersectionObserver((seen) => seen.some((one) => one.isIntersecting) && this.draw(ROWS),
      { rootMargin: "400px" }).observe(this.more);
    addEventListener("beforeprint", () => this.draw(Infinity));
    document.querySelector(".filters").addEventListener("submit", (event) => event.preventDefault());
  }

  order(name) {
    this.sort = { name, down: this.sort.name === name && !this.sort.down };
    this.apply();
  }

  // Set filters from elsewhere on the page, the others off.
  choose(values) {
    for (const [name, field] of Object.entries(this.filters)) field.value = values[name] || "";
    this.apply();
    document.getElementById("table").scrollIntoView();
  }

  apply() {
    const wanted = Object.fromEntries(
      Object.entries(this.filters).map(([name, field]) => [name, field.value]));
    const words = wanted.text.toLowerCase().split(/\s+/).filter(Boolean);
    this.shown = this.data.cases.filter((one) => matches(one, wanted, words));
    const key = COLUMNS.find(([name]) => name === this.sort.name)[2];
    const sign = this.sort.down ? -1 : 1;
    const keys = new Map(this.shown.map((one) => [one, key(one)]));
    this.shown.sort((one, other) => {
      const a = keys.get(one), b = keys.get(other);
      return a < b ? -sign : a > b ? sign : one.order - other.order;
    });
    COLUMNS.forEach(([name], index) => this.heads[index].setAttribute("aria-sort",
      name !== this.sort.name ? "none" : this.sort.down ? "descending" : "ascending"));
    this.count.textContent = this.shown.length.toLocaleString("en") + " of "
      + this.data.cases.length.toLocaleString("en") + " cases";
    this.drawn = 0;
    this.body.replaceChildren();
    this.draw(ROWS);
  }

  draw(most) {
    const until = Math.min(this.shown.length, this.drawn + most);
    this.body.append(...this.shown.slice(this.drawn, until).flatMap((one) => this.rows(one)));
    this.drawn = until;
    this.more.hidden = until >= this.shown.length;
    this.more.textContent = "Show more (" + (this.shown.length - until) + " left)";
  }

  rows(one) {
    const open = this.details.get(one);
    const button = element("button", { type: "button", class: "open", dir: "auto",
      "aria-expanded": String(Boolean(open)) }, clipped(one.question, 300));
    const answer = one.error || (one.answer && one.answer.text) || "";
    const row = element("tr", { class: "case " + one.state, id: "case-" + one.order },
      element("td", { class: "order" }, one.order),
      element("td", { class: "state" }, element("span", { class: "badge " + one.state }, one.state)),
      element("td", { class: "id" }, clipped(one.id, 60)),
      element("td", { class: "text" }, button,
        element("p", { class: "beginning", dir: "auto" }, clipped(answer, 160))),
      element("td", { class: "tags" }, one.tags.map((tag) => [
        element("span", { class: "tag" }, clipped(tag, 40)), " "])),
      element("td", { class: "time" }, milliseconds(one.timings_ms.total)));
    row.addEventListener("click", (event) => {
      if (event.detail && String(getSelection())) return; // the mouse was selecting text
      this.toggle(one, row, button);
    });
    return open ? [row, open] : [row];
  }

  toggle(one, row, button) {
    const open = this.details.get(one);
    if (open) open.remove();
    const made = open ? null : element("tr", { class: "detail" },
      element("td", { colspan: COLUMNS.length }, detail(one, this.data)));
    if (made) row.after(made);
    if (made) this.details.set(one, made);
    else this.details.delete(one);
    button.setAttribute("aria-expanded", String(Boolean(made)));
  }
}

function choice(options) {
  return element("select", {}, options.map(([value, title]) =>
    element("option", { value }, clipped(title, 60))));
}

function matches(one, wanted, words) {
  if (wanted.tag && !one.tags.includes(wanted.tag)) return false;
  if (wanted.answerable && one.answerable !== (wanted.answerable === "answerable")) return false;
  if (wanted.state && one.state !== wanted.state) return false;
  if (wanted.score === "*") {
    if (!Object.entries(one.scores).some(([name, { value }]) => isPoor(name, value))) return false;
  } else if (wanted.score) {
    const score = one.scores[wanted.score];
    if (!score || !isPoor(wanted.score, score.value)) return false;
  }
  if (!words.length) return true;
  one.searched ??= [one.id, one.question, one.answer && one.answer.text, one.error, ...one.answers,
    ...one.tags].filter(Boolean).join("\n").toLowerCase();
  return words.every((word) => one.searched.includes(word));
}

const DATA = JSON.parse(document.getElementById("data").textContent);
const TABLE = new Table(DATA);
showCounts(DATA.summary);
showFigures(DATA.summary, (filter) => TABLE.choose(filter));
document.getElementById("manifest").append(
  element("h2", {}, "How it was run"), listed(DATA.manifest));
