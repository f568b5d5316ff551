// The disclosure form: name, hash and length of a file are filled in from the file itself; nothing is sent.

const LARGEST = 1024 * 1024 * 1024; // a browser hashes the whole file in memory

async function sha256(file) {
  const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function duration(file) {
  return new Promise((resolve) => {
    const sound = new Audio();
    const address = URL.createObjectURL(file);
    const done = (seconds) => { URL.revokeObjectURL(address); resolve(seconds); };
    sound.addEventListener("loadedmetadata", () => done(sound.duration));
    sound.addEventListener("error", () => done(NaN));
    sound.src = address;
  });
}

async function fill(form, pick) {
  const [file] = pick.files;
  if (!file) return;
  const field = (name) => form.elements[`${pick.dataset.pick}_${name}`];
  field("file").value = file.name;
  const seconds = await duration(file);
  if (Number.isFinite(seconds)) field("duration_s").value = seconds.toFixed(2);
  if (crypto.subtle && file.size <= LARGEST) field("hash").value = await sha256(file);
}

/** Offer to measure files; without this script the fields are typed. */
export function mountDisclosure(form) {
  for (const offer of form.querySelectorAll("[data-measure]")) offer.hidden = false;
  for (const pick of form.querySelectorAll("[data-pick]")) pick.addEventListener("change", () => fill(form, pick));
}
