"use strict";

// Elements are made here only, and whatever they say goes in as text: nothing an article, a
// question or a model wrote can become markup.

const UNSEEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g;

// Control characters and marks that turn the direction of text, as something to be seen.
function visible(text) {
  return String(text).replace(UNSEEN, (character) => {
    const code = character.charCodeAt(0);
    if (code < 32) return String.fromCharCode(0x2400 + code);
    return "\u2039U+" + code.toString(16).toUpperCase().padStart(4, "0") + "\u203a";
  });
}

function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (key === "class") made.className = value;
    else if (key === "onclick") made.addEventListener("click", value);
    else made.setAttribute(key, visible(value));
  }
  add(made, children);
  return made;
}

function add(parent, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    parent.append(child instanceof Node ? child : document.createTextNode(visible(child)));
  }
  return parent;
}

// At most so many characters, cut between whole ones, with a sign that there is more.
function clipped(text, most) {
  text = String(text);
  if (text.length <= most) return text;
  const last = text.charCodeAt(most - 1);
  return text.slice(0, last >= 0xd800 && last < 0xdc00 ? most - 1 : most) + "\u2026";
}

function number(value, digits) {
  if (value === null || value === undefined) return "\u2013";
  return typeof value === "number" ? value.toFixed(digits) : String(value);
}

function milliseconds(value) {
  if (typeof value !== "number") return "\u2013";
  return value < 10 ? value.toFixed(1) + " ms" : Math.round(value).toLocaleString("en") + " ms";
}

// A value of any shape as a list of names and values, for the manifest and what a reading noted.
function listed(value) {
  if (value === null || value === undefined) return "\u2013";
  if (typeof value !== "object") return String(value);
  if (Array.isArray(value)) {
    if (value.every((one) => typeof one !== "object")) return value.join(", ") || "\u2013";
    return element("ul", {}, value.map((one) => element("li", {}, listed(one))));
  }
  return element("dl", { class: "pairs" }, Object.entries(value).map(([name, one]) => [
    element("dt", {}, name), element("dd", { dir: "auto" }, listed(one)),
  ]));
}
