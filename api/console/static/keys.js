// Keys are data: an element with data-key is pressed by that key, and data-says explains it in the help.

const described = new Map();
const NAMES = { " ": "space", ArrowLeft: "←", ArrowRight: "→" };

function chosenKeys() {
  try {
    return JSON.parse(document.body.dataset.keys || "{}");
  } catch {
    return {};
  }
}

/** What a key is called on its button. */
export function nameOf(key) {
  return NAMES[key] ?? key;
}

/** Give every action the key that the person chose for it, and show that key. */
function rebind() {
  for (const [key, chosen] of Object.entries(chosenKeys())) {
    for (const element of document.querySelectorAll(`[data-key="${CSS.escape(key)}"]:not([data-rebound])`)) {
      element.dataset.rebound = element.dataset.key;
      element.dataset.key = chosen;
      const shown = element.querySelector("kbd") ?? element.closest("label")?.querySelector("kbd");
      if (shown) shown.textContent = nameOf(chosen);
    }
  }
}

/** A screen reader hears a key as a key, not as a letter after the name of its button. */
function tellKeys() {
  for (const shown of document.querySelectorAll("main kbd, header kbd")) {
    if (shown.closest("a, button, summary, label")) shown.setAttribute("aria-hidden", "true");
  }
  for (const element of document.querySelectorAll("[data-key]")) {
    const { key } = element.dataset;
    element.setAttribute("aria-keyshortcuts", { " ": "Space", "+": "Plus" }[key] ?? key);
  }
}

/** Add a key to the help that is no element's own, e.g. Ctrl Enter. */
export function describe(key, says) {
  described.set(key, says);
}

/** Say something to a screen reader without moving the focus. */
export function announce(text) {
  document.getElementById("live").textContent = text;
}

/** Whether key strokes on the element write text or move a control of its own. */
export function isTyping(element) {
  return Boolean(element.closest("textarea, select, [contenteditable], input:not([type=radio], [type=checkbox], [type=range])"));
}

function hasOwnUse(element, key) {
  if (key === " " || key === "Enter") return Boolean(element.closest("a, button, summary, input"));
  return key.startsWith("Arrow") && Boolean(element.closest("input"));
}

function press(target) {
  const isSummary = target.matches("summary"); // its own details open by the click; opened before, that would close them
  (isSummary ? target.parentElement.parentElement : target).closest("details:not([open])")?.setAttribute("open", "");
  if (isTyping(target)) return target.focus();
  target.click();
  if (isSummary && target.parentElement.open) target.parentElement.querySelector("select, input:not([type=hidden])")?.focus();
  target.dispatchEvent(new CustomEvent("keyed", { bubbles: true }));
}

function onKey(event) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (isTyping(event.target)) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if (document.querySelector("dialog[open]") || hasOwnUse(event.target, event.key)) return;
  const target = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (!target || (event.repeat && !event.key.startsWith("Arrow"))) return;
  event.preventDefault();
  press(target);
}

function fillHelp(list) {
  const rows = new Map();
  for (const element of document.querySelectorAll("[data-key]")) {
    rows.set(nameOf(element.dataset.key), element.dataset.says);
  }
  for (const [key, says] of [...rows, ...described]) {
    const term = document.createElement("dt");
    const name = document.createElement("kbd");
    name.textContent = key;
    term.append(name);
    const text = document.createElement("dd");
    text.textContent = says;
    list.append(term, text);
  }
}

/** Listen for keys, let the help open, and show the keys that the person chose. */
export function mountKeys() {
  rebind();
  tellKeys();
  document.addEventListener("keydown", onKey);
  const list = document.querySelector("[data-key-list]");
  if (list) fillHelp(list);
  for (const opener of document.querySelectorAll("[data-opens]")) {
    opener.addEventListener("click", () => document.getElementById(opener.dataset.opens).showModal());
  }
}
