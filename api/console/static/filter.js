// The filter line: while one types, what it means, how many cases match, where it goes wrong, and what could follow.

const WAIT_MS = 150;

class Completion {
  #timer = 0;
  #asked = 0;
  #at = -1;
  #start = 0;

  constructor(box) {
    this.input = box.querySelector("input");
    this.says = document.querySelector("[data-filter-says]");
    this.list = document.createElement("ul");
    Object.assign(this.list, { id: "filter-list", role: "listbox", hidden: true });
    this.list.setAttribute("aria-label", "Suggestions");
    box.append(this.list);
    for (const [name, value] of [["role", "combobox"], ["aria-expanded", "false"], ["aria-controls", this.list.id], ["aria-autocomplete", "list"]]) {
      this.input.setAttribute(name, value);
    }
    this.input.addEventListener("input", () => this.#soon());
    this.input.addEventListener("focus", () => this.#soon());
    this.input.addEventListener("blur", () => this.#close());
    this.input.addEventListener("keydown", (event) => this.#onKey(event));
    this.list.addEventListener("pointerdown", (event) => this.#onPointer(event));
  }

  #soon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#ask(), WAIT_MS);
  }

  async #ask() {
    const ticket = ++this.#asked;
    const text = this.input.value;
    const query = new URLSearchParams({ text, cursor: this.input.selectionStart });
    const answer = await fetch(`/console/filter?${query}`);
    if (!answer.ok || ticket !== this.#asked || text !== this.input.value) return;
    const told = await answer.json();
    this.#start = told.start;
    this.#explain(text, this.#isUnfinished(told) ? { count: null } : told);
    this.#suggest(document.activeElement === this.input ? told.suggestions : []);
  }

  /** Whether what is wrong is only the word that is being written, and something fits its beginning. */
  #isUnfinished({ problem, start, suggestions }) {
    return Boolean(problem) && problem.column - 1 >= start && suggestions.length > 0 && document.activeElement === this.input;
  }

  #explain(text, { problem, count, canonical }) {
    this.says.classList.toggle("error", Boolean(problem));
    this.input.setAttribute("aria-invalid", Boolean(problem));
    if (count === null && !problem) {
      this.says.textContent = "";
      return;
    }
    if (!problem) {
      const cases = `${count.toLocaleString("en")} ${count === 1 ? "case" : "cases"}`;
      this.says.textContent = canonical && canonical !== text.trim() ? `${cases}: ${canonical}` : cases;
      return;
    }
    const [start, end] = [problem.column - 1, problem.column - 1 + problem.length];
    const [code, mark, line] = ["code", "mark", "span"].map((name) => document.createElement(name));
    mark.textContent = text.slice(start, end);
    code.append(text.slice(0, start), mark, text.slice(end));
    line.append(code, ` ${problem.message} ${problem.mend}`);
    this.says.replaceChildren(line);
  }

  #suggest(suggestions) {
    this.#at = -1;
    this.list.replaceChildren(...suggestions.map(({ insert, says }, at) => {
      const row = document.createElement("li");
      Object.assign(row, { id: `filter-${at}`, role: "option" });
      row.dataset.insert = insert;
      row.setAttribute("aria-selected", "false");
      const [word, meaning] = ["code", "span"].map((name) => document.createElement(name));
      [word.textContent, meaning.textContent] = [insert, says];
      row.append(word, meaning);
      return row;
    }));
    this.list.hidden = suggestions.length === 0;
    this.input.setAttribute("aria-expanded", String(!this.list.hidden));
  }

  #close() {
    clearTimeout(this.#timer);
    this.#suggest([]);
  }

  #onKey(event) {
    const rows = [...this.list.children];
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape" && !this.list.hidden) {
      event.preventDefault();
      event.stopPropagation();
      return this.#close();
    }
    if (step && rows.length) {
      event.preventDefault();
      this.#at = (this.#at + step + rows.length) % rows.length;
      rows.forEach((row, at) => row.setAttribute("aria-selected", String(at === this.#at)));
      rows[this.#at].scrollIntoView({ block: "nearest" });
      this.input.setAttribute("aria-activedescendant", rows[this.#at].id);
    } else if (rows.length && ((event.key === "Enter" && this.#at >= 0) || (event.key === "Tab" && this.input.value && !event.shiftKey))) {
      event.preventDefault();
      this.#take(rows[Math.max(this.#at, 0)].dataset.insert);
    }
  }

  #onPointer(event) {
    const row = event.target.closest("[data-insert]");
    if (!row) return;
    event.preventDefault(); // the field keeps the focus
    this.#take(row.dataset.insert);
  }

  #take(insert) {
    const end = this.input.selectionStart;
    const blank = insert.endsWith(":") || insert.endsWith(">") ? "" : " ";
    this.input.setRangeText(insert + blank, this.#start, end, "end");
    this.#ask();
  }
}

/** Complete words in the filter line; without this script it is a plain field. */
export function mountFilter(box) {
  return new Completion(box);
}
