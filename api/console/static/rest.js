// A reminder of a rest: it counts only minutes in which the person does something, over all pages and tabs.

const KEY = "liner-worked";
const PAUSE_MS = 5 * 60 * 1000; // so long without a hand on it is a rest

function read() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) ?? { since: 0, last: 0 };
  } catch {
    return { since: 0, last: 0 };
  }
}

function note(element, limitMs) {
  const now = Date.now();
  const { since, last } = read();
  const began = !since || now - last > PAUSE_MS ? now : since;
  localStorage.setItem(KEY, JSON.stringify({ since: began, last: now }));
  if (now - began < limitMs || !element.hidden) return;
  element.querySelector("[data-rest-minutes]").textContent = Math.round((now - began) / 60000);
  element.hidden = false;
}

/** Count the minutes of work and, after those that the person chose, say so; it can be waved away. */
export function mountRest(element) {
  const limitMs = Number(document.body.dataset.breakMinutes) * 60000;
  if (!limitMs) return;
  note(element, limitMs);
  for (const kind of ["keydown", "pointerdown"]) document.addEventListener(kind, () => note(element, limitMs), { passive: true });
  element.querySelector("[data-rest-done]").addEventListener("click", () => {
    localStorage.removeItem(KEY);
    element.hidden = true;
  });
}
