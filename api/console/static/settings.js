// Choosing a key: press it in its field.

/** Write the pressed key into the field; Tab moves on, Backspace empties it. */
export function mountRebinds(input) {
  input.addEventListener("keydown", (event) => {
    if (event.key === "Tab" || event.key === "Shift" || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    input.value = event.key === "Backspace" || event.key === "Delete" ? "" : event.key;
  });
}
