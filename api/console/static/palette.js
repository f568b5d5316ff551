// Ctrl K: every command of the page by its name, and a search for whatever else is typed.

import { announce, describe, nameOf } from "./keys.js";

function isUsable(element) {
  return !element.disabled && element.checkVisibility({ visibilityProperty: true });
}

function commands() {
  const keyed = [...document.querySelectorAll("[data-key][data-says]")].filter(isUsable).map((element) => ({
    says: element.dataset.says,
    key: nameOf(element.dataset.key),
    run: () => {
      if (element.matches("textarea, input:not([type=radio])")) return element.focus();
      element.click();
      element.dispatchEvent(new CustomEvent("keyed", { bubbles: true }));
    },
  }));
  const links = [...document.querySelectorAll("header nav a:not([data-key]), .tabs a, .account a")].map((link) => ({
    says: `Go to ${link.textContent.replace(/\s+/g, " ").trim()}`,
    key: "",
    run: () => link.click(),
  }));
  return [...keyed, ...links];
}

function searches(text) {
  const quoted = `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
  const open = (filter) => () => location.assign(`/console?${new URLSearchParams({ filter })}`);
  return [
    { says: `Filter the queue: ${text}`, key: "", run: open(text) },
    { says: `Search all cases for ${quoted}`, key: "", run: open(`state:any ${quoted}`) },
  ];
}

class Palette {
  #found = [];
  #at = 0;

  constructor(dialog) {
    this.dialog = dialog;
    this.input = dialog.querySelector("[data-palette-input]");
    this.list = dialog.querySelector("[data-palette-list]");
    this.input.addEventListener("input", () => this.#search());
    this.input.addEventListener("keydown", (event) => this.#onKey(event));
    this.list.addEventListener("click", (event) => this.#pick(event.target.closest("[data-at]")));
    document.addEventListener("keydown", (event) => this.#onShortcut(event));
  }

  #onShortcut(event) {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey) return;
    event.preventDefault();
    if (this.dialog.open) return this.dialog.close();
    if (document.querySelector("dialog[open]")) return;
    this.all = commands();
    this.input.value = "";
    this.dialog.showModal();
    this.#search();
  }

  #search() {
    const text = this.input.value.trim();
    const words = text.toLowerCase().split(/\s+/);
    const named = this.all.filter(({ says }) => words.every((word) => says.toLowerCase().includes(word)));
    this.#found = text ? [...named, ...searches(text)] : named;
    this.#at = 0;
    this.list.replaceChildren(...this.#found.map((command, at) => this.#row(command, at)));
    this.#show();
  }

  #row({ says, key }, at) {
    const row = document.createElement("li");
    Object.assign(row, { id: `palette-${at}`, role: "option" });
    row.dataset.at = at;
    const text = document.createElement("span");
    text.textContent = says;
    row.append(text);
    if (key) {
      const shown = document.createElement("kbd");
      shown.textContent = key;
      row.append(shown);
    }
    return row;
  }

  #show() {
    [...this.list.children].forEach((row, at) => row.setAttribute("aria-selected", at === this.#at));
    this.list.children[this.#at]?.scrollIntoView({ block: "nearest" });
    this.input.setAttribute("aria-activedescendant", this.#found.length ? `palette-${this.#at}` : "");
    if (!this.#found.length) announce("No command of that name.");
  }

  #onKey(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && this.#found.length) {
      event.preventDefault();
      this.#at = (this.#at + step + this.#found.length) % this.#found.length;
      this.#show();
    } else if (event.key === "Enter" && !event.isComposing) {
      event.preventDefault();
      this.#run(this.#at);
    }
  }

  #pick(row) {
    if (row) this.#run(Number(row.dataset.at));
  }

  #run(at) {
    const command = this.#found[at];
    this.dialog.close();
    command?.run();
  }
}

/** Let Ctrl K open the list of commands. */
export function mountPalette(dialog) {
  describe("Ctrl K", "Every command by its name");
  return new Palette(dialog);
}
