// One recording to play. A file with an exact clock is played whole by range requests; of any other the
// server decodes a minute at a time, so that the seconds that are heard are the seconds of the evidence.

const STRETCH_S = 60;
const LEAD_S = 2;
const CAP = Number(document.body.dataset.volumeCap ?? 0.8); // what the person set: the next track may be louder; 0 is silence

/** The stretch that is decoded where somebody wants to hear a second, and its address. */
export function excerptAt(url, second, duration) {
  const start = Math.max(0, second - LEAD_S);
  const end = Math.min(start + STRETCH_S, duration);
  return { start, end, address: `${url.replace(/audio$/, "excerpt")}?start_s=${start}&end_s=${end}` };
}

/** A recording behind an audio element, with positions in seconds of the recording. */
export class Sound {
  #base = 0;
  #end = 0;
  #asked = 0;
  #blob = "";

  constructor(element, { url, whole, duration, gain = 1, onEnd = () => {}, onProblem = () => {} }) {
    Object.assign(this, { element, url, whole, duration, gain, onProblem });
    element.addEventListener("ended", () => (this.#end < this.duration - 0.05 ? this.play(this.#end) : onEnd()));
    element.addEventListener("error", () => { if (element.getAttribute("src")) onProblem("The browser cannot play this sound."); });
  }

  /** Turn to another recording; nothing of the one before is kept. */
  turnTo(url, duration) {
    if (url === this.url && duration === this.duration) return;
    this.element.pause();
    this.element.removeAttribute("src");
    [this.#base, this.#end] = [0, 0];
    Object.assign(this, { url, duration });
  }

  get time() {
    return this.#base + this.element.currentTime;
  }

  get isPlaying() {
    return !this.element.paused;
  }

  set volume(share) {
    this.element.volume = Math.min(1, Math.max(0, share)) * this.gain * CAP;
  }

  /** Play from a second on; false where that did not come about. */
  async play(from = this.time) {
    if (!(await this.seek(from))) return false;
    try {
      await this.element.play();
    } catch (problem) {
      if (problem.name !== "AbortError") this.onProblem("The browser did not start the sound.");
      return false;
    }
    return true;
  }

  pause() {
    this.element.pause();
  }

  /** Go to a second; of two calls the later one wins. */
  async seek(second) {
    const ticket = ++this.#asked;
    const target = Math.min(Math.max(second, 0), Math.max(this.duration - 0.05, 0));
    if (!this.#has(target) && !(await this.#load(target))) return false;
    if (ticket !== this.#asked) return false;
    this.element.currentTime = target - this.#base;
    return true;
  }

  #has(second) {
    return Boolean(this.element.getAttribute("src")) && second >= this.#base && second < this.#end;
  }

  async #load(second) {
    if (this.whole) {
      [this.#base, this.#end] = [0, this.duration];
      return this.#open(this.url);
    }
    const { start, end, address } = excerptAt(this.url, second, this.duration);
    const answer = await fetch(address);
    if (!answer.ok) {
      this.onProblem((await answer.json().catch(() => ({}))).detail ?? "This sound cannot be decoded.");
      return false;
    }
    URL.revokeObjectURL(this.#blob);
    this.#blob = URL.createObjectURL(await answer.blob());
    [this.#base, this.#end] = [start, end];
    return this.#open(this.#blob);
  }

  #open(source) {
    this.element.src = source;
    this.element.load();
    return new Promise((resolve) => {
      this.element.addEventListener("loadedmetadata", () => resolve(true), { once: true });
      this.element.addEventListener("error", () => resolve(false), { once: true });
    });
  }
}
