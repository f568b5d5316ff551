// The picture of matching landmarks; where it cannot be drawn, the sentence of the server that says why.

/** Put a sentence in the place of a picture that does not come. */
export function mountLandmarks(picture) {
  const tell = async () => {
    const answer = await fetch(picture.src, { headers: { accept: "application/json" } });
    const told = answer.ok ? {} : await answer.json().catch(() => ({}));
    const sentence = document.createElement("p");
    sentence.className = "note";
    sentence.textContent = told.detail ?? "The picture cannot be drawn.";
    picture.parentElement.replaceWith(sentence);
  };
  picture.addEventListener("error", tell, { once: true }); // it loads when its part of the page is opened, so not before
}
