// What runs while a case is open: the seconds left to undo, and the lease of whoever works on it.

import { announce } from "./keys.js";

const BEAT_MS = 5 * 60 * 1000;

/** Count the seconds down until a decision is published; then say so, once. */
export function mountCountdown(element) {
  const end = performance.now() + Number(element.dataset.countdown) * 1000;
  const timer = setInterval(() => {
    const left = Math.max(0, Math.ceil((end - performance.now()) / 1000));
    element.textContent = `${left} s`;
    if (left > 0) return;
    clearInterval(timer);
    for (const button of document.querySelectorAll("[data-undo], [data-key='u']")) button.disabled = true;
    announce("The decision is published.");
  }, 1000);
}

/** Prolong the lease while the page is looked at. */
export function mountHeartbeat(element) {
  setInterval(() => {
    if (document.hidden) return;
    fetch(element.dataset.heartbeat, { method: "POST", headers: { "X-CSRF-Token": element.dataset.csrf } });
  }, BEAT_MS);
}

/** Lead the focus into what was opened, so that a form is filled in without a mouse. */
export function mountDisclosures(part) {
  for (const details of part.querySelectorAll("details")) {
    details.addEventListener("toggle", () => {
      // The browser tells of the opening a moment later: whoever is in a field by then stays there.
      if (!details.open || document.activeElement.closest("form")?.closest("details") === details) return;
      details.querySelector("input:not([type=hidden]), select, textarea")?.focus();
    });
  }
}
