// The queue by hand: j and k or the arrows move, Enter opens as on any link.

import { describe, isTyping } from "./keys.js";

const STEPS = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 };

/** Let keys move the focus along the rows. */
export function mountQueue(table) {
  const rows = [...table.querySelectorAll("[data-row]")];
  describe("j ↓", "Next row");
  describe("k ↑", "Previous row");
  document.addEventListener("keydown", (event) => {
    const step = STEPS[event.key];
    if (!step || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    event.preventDefault();
    const at = rows.indexOf(document.activeElement);
    const next = at < 0 ? 0 : Math.min(Math.max(at + step, 0), rows.length - 1);
    rows[next].focus();
  });
}
