// The decide form: a key picks the action, a digit in the empty reason writes a common one, Ctrl Enter decides.

import { announce, describe } from "./keys.js";

function fillReason(reason, text) {
  reason.value = text;
  reason.focus();
  reason.setSelectionRange(text.length, text.length);
}

function mountQuick(form, reason) {
  const quick = [...form.querySelectorAll("[data-quick]")];
  for (const button of quick) button.addEventListener("click", () => fillReason(reason, button.dataset.quick));
  reason.addEventListener("keydown", (event) => {
    const button = reason.value === "" && quick.find((candidate) => candidate.dataset.key === event.key);
    if (!button || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    fillReason(reason, button.dataset.quick);
  });
}

function pick(form, reason, value) {
  const radio = form.querySelector(`input[name=action][value="${value}"]`);
  radio.checked = true;
  radio.dispatchEvent(new Event("change", { bubbles: true }));
  form.scrollIntoView({ block: "start" });
  reason.focus({ preventScroll: true });
}

const PLACE = /\{[a-z_]{2,40}\}/;

function selectPlace(field) {
  const place = PLACE.exec(field.value);
  if (place) field.setSelectionRange(place.index, place.index + place[0].length);
}

/** Draft facts and explanation for another reason; what was typed by hand stays. */
function mountDrafts(form) {
  const choice = form.querySelector("[data-drafted]");
  if (!choice) return; // a blind opinion has no statement
  const fields = ["facts", "explanation"].map((name) => form.elements.namedItem(name));
  const drafted = new Map(fields.map((field) => [field, field.defaultValue]));
  choice.addEventListener("change", async () => {
    const answer = await fetch(`${choice.dataset.drafted}?reason=${encodeURIComponent(choice.value)}`);
    if (!answer.ok) return announce("No draft could be made.");
    const texts = await answer.json();
    for (const field of fields) {
      if (field.value !== drafted.get(field)) continue;
      field.value = texts[field.name];
      drafted.set(field, texts[field.name]);
    }
    return announce(texts.unfilled.length ? `Drafted. To fill in: ${texts.unfilled.join(", ")}.` : "Drafted.");
  });
  for (const field of fields) field.addEventListener("focus", () => selectPlace(field));
}

/** Make the form quick by hand; without this script it still works. */
export function mountDecide(form) {
  const reason = form.querySelector("[data-reason]");
  describe("Ctrl Enter", "Decide and open the next case");
  describe("Esc", "Leave a field, so that keys work again");
  mountQuick(form, reason);
  mountDrafts(form);
  form.addEventListener("keyed", (event) => {
    if (event.target.name === "action") reason.focus();
  });
  form.addEventListener("change", (event) => {
    if (event.target.name !== "action") return;
    const more = "restricting" in event.target.dataset ? " A statement of reasons is needed." : "";
    announce(`${event.target.dataset.says}.${more}`);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    form.requestSubmit();
  });
  form.addEventListener("submit", () => { form.querySelector("[data-submit]").disabled = true; });
  window.addEventListener("pageshow", () => { form.querySelector("[data-submit]").disabled = false; });
  for (const link of document.querySelectorAll("[data-picks]")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      pick(form, reason, link.dataset.picks);
    });
  }
  form.querySelector("[data-problems]")?.focus();
}
