// The message editor: a finding's line is gone to with one press.

function goTo(text, line) {
  const before = text.value.split("\n").slice(0, line - 1).join("\n").length;
  const start = line > 1 ? before + 1 : 0;
  const end = text.value.indexOf("\n", start);
  text.focus();
  text.setSelectionRange(start, end < 0 ? text.value.length : end);
  text.scrollTop = (text.scrollHeight / text.value.split("\n").length) * (line - 4);
}

/** Let the buttons of findings go to their lines. */
export function mountEditor(form) {
  const text = form.querySelector("textarea");
  for (const button of document.querySelectorAll("[data-line]")) {
    button.addEventListener("click", () => goTo(text, Number(button.dataset.line)));
  }
}
