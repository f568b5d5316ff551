// The player: sound, waveform and spectrogram in step, evidence by key, the other recording at the same place.

import { announce, describe, isTyping } from "./keys.js";
import { Overview, Scope } from "./pictures.js";
import { Sound } from "./sound.js";

const JUMP_S = 5;
const SHORTEST_S = 2; // a span of a single moment is still long enough to hear

function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, String(whole % 60).padStart(2, "0")];
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

class Player {
  #stopAt = Infinity;
  #span = -1;
  #useOther = false;

  constructor(root) {
    const { url, duration, gain, topHz, whole } = root.dataset;
    this.root = root;
    this.duration = Number(duration);
    this.buttons = [...document.querySelectorAll("[data-span]")];
    this.spans = this.buttons.map(({ dataset }) => ({
      number: dataset.span,
      start: Number(dataset.start),
      end: Number(dataset.end),
      severity: dataset.severity,
    }));
    const about = { url: url.replace(/\/audio$/, ""), duration: this.duration, spans: this.spans, topHz: Number(topHz) };
    this.overview = new Overview(this.#part("waveform"), about);
    const canvases = { canvas: this.#part("spectrogram"), wave: this.#part("wave"), marks: this.#part("marks") };
    this.scope = new Scope(canvases, { ...about, onLoad: () => this.draw() });
    const heard = { duration: this.duration, gain: Number(gain), onEnd: () => this.draw(), onProblem: (text) => this.say(text) };
    this.own = new Sound(this.#part("a"), { url, whole: whole === "yes", ...heard });
    this.#mountOther(heard);
    this.#mountControls();
  }

  get active() {
    return this.#useOther ? this.other : this.own;
  }

  /** The position in this recording, also while the other one sounds. */
  get time() {
    return this.#useOther ? this.match.own + (this.other.time - this.match.other) / this.match.speed : this.own.time;
  }

  async play(from = this.time, stopAt = Infinity) {
    this.#stopAt = stopAt;
    const second = this.#useOther ? this.#toOther(from) : from;
    if (await this.active.play(second)) this.#run();
    this.draw();
  }

  pause() {
    this.active.pause();
    this.draw();
  }

  async seek(second) {
    this.#stopAt = Infinity;
    this.scope.show(second);
    await this.active.seek(this.#useOther ? this.#toOther(second) : second);
    this.draw();
  }

  async playSpan(at) {
    this.#span = at;
    const { start, end, number } = this.spans[at];
    this.buttons.forEach((button, index) => button.setAttribute("aria-current", index === at));
    this.#part("span-count").textContent = `${at + 1}/${this.spans.length}`;
    this.scope.show(Math.max(0, start - 1), { fresh: true });
    announce(`Evidence ${number}, ${clock(start)} to ${clock(end)}`);
    await this.play(start, Math.max(end, start + SHORTEST_S));
  }

  /** Play a shared stretch in one of the two recordings, both at one tempo; A/B then goes along with it. */
  async playShared({ url, ownStart, ownEnd, otherStart, otherEnd, speed, keepsPitch }, side) {
    this.active.pause();
    const element = this.#part("b");
    this.match = { own: Number(ownStart), other: Number(otherStart), speed: Number(speed) };
    this.other.turnTo(url, Number(otherEnd));
    element.preservesPitch = keepsPitch === "yes";
    element.defaultPlaybackRate = element.playbackRate = this.match.speed;
    this.#turn(side === "other");
    await this.play(Number(ownStart), Number(ownEnd));
  }

  async switch() {
    const [time, wasPlaying] = [this.time, this.active.isPlaying];
    this.active.pause();
    this.#turn(!this.#useOther);
    await (wasPlaying ? this.play(time, this.#stopAt) : this.seek(time));
  }

  #turn(toOther) {
    this.#useOther = toOther;
    this.#part("ab").setAttribute("aria-pressed", toOther);
    this.say(this.#useOther ? "You hear the other recording, at the same place." : "You hear this recording.");
  }

  say(text) {
    this.#part("hearing").textContent = text;
    announce(text);
  }

  draw() {
    const time = this.time;
    const isPlaying = this.active.isPlaying;
    if (isPlaying) this.scope.show(time);
    this.scope.draw(time);
    this.overview.draw(time, [this.scope.start, this.scope.end]);
    this.#part("time").textContent = clock(time);
    this.#part("seek").value = time;
    this.#part("seek").setAttribute("aria-valuetext", clock(time));
    this.#part("play").setAttribute("aria-pressed", isPlaying);
    this.#part("play-word").textContent = isPlaying ? "Pause" : "Play";
    this.#part("scope-time").textContent = `${clock(this.scope.start)}–${clock(this.scope.end)}`;
  }

  #run() {
    if (this.time >= this.#stopAt) {
      this.#stopAt = Infinity;
      return this.pause();
    }
    this.draw();
    if (this.active.isPlaying) requestAnimationFrame(() => this.#run());
  }

  #toOther(second) {
    return this.match.other + (second - this.match.own) * this.match.speed;
  }

  #part(name) {
    return this.root.querySelector(`[data-${name}]`);
  }

  #mountOther(heard) {
    const button = this.#part("ab");
    if (!button) return;
    const { url, ownStart, otherStart, speed, keepsPitch, otherEnd } = button.dataset;
    this.match = { own: Number(ownStart), other: Number(otherStart), speed: Number(speed) };
    const element = this.#part("b");
    element.preservesPitch = keepsPitch === "yes";
    this.other = new Sound(element, { ...heard, gain: Number(button.dataset.gain), url, whole: false, duration: Number(otherEnd) });
    element.defaultPlaybackRate = this.match.speed; // load() resets the rate to this
    button.addEventListener("click", () => this.switch());
    document.querySelectorAll("[data-shared] a").forEach((link) => link.addEventListener("click", (event) => {
      event.preventDefault();
      this.playShared(link.parentElement.dataset, link.dataset.side);
    }));
  }

  #mountControls() {
    const on = (name, event, act) => this.#part(name)?.addEventListener(event, act);
    on("play", "click", () => (this.active.isPlaying ? this.pause() : this.play()));
    on("next-span", "click", () => this.playSpan((this.#span + 1) % this.spans.length));
    on("seek", "input", (event) => this.seek(Number(event.target.value)));
    on("back", "click", () => this.seek(this.time - JUMP_S));
    on("forward", "click", () => this.seek(this.time + JUMP_S));
    on("volume", "input", (event) => this.#setVolume(Number(event.target.value)));
    on("marks", "click", (event) => this.seek(this.scope.secondAt(event.offsetX / event.target.clientWidth)));
    on("zoom-in", "click", () => this.#zoom(0.5));
    on("zoom-out", "click", () => this.#zoom(2));
    this.#part("marks").addEventListener("wheel", (event) => this.#onWheel(event), { passive: false });
    this.buttons.forEach((button, at) => button.addEventListener("click", () => this.playSpan(at)));
    if (this.spans.length) document.addEventListener("keydown", (event) => this.#onDigit(event));
    this.#setVolume(Number(this.#part("volume").value));
  }

  /** Shift and a digit play the evidence of that number. */
  #onDigit(event) {
    const digit = /^Digit([1-9])$/.exec(event.code)?.[1];
    if (!digit || !event.shiftKey || event.ctrlKey || event.metaKey || event.altKey) return;
    if (!this.spans[digit - 1] || isTyping(event.target) || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    this.playSpan(digit - 1);
  }

  #zoom(factor, around) {
    const { start, end } = this.scope;
    const middle = this.time >= start && this.time < end ? this.time : (start + end) / 2;
    this.scope.zoom(factor, around ?? middle);
    this.draw();
    announce(`${clock(this.scope.start)} to ${clock(this.scope.end)}`);
  }

  /** Ctrl and the wheel (or two fingers apart) zoom, sideways scrolls; up and down stays the page's. */
  #onWheel(event) {
    const isSideways = Math.abs(event.deltaX) > Math.abs(event.deltaY) || event.shiftKey;
    if (!event.ctrlKey && !isSideways) return;
    event.preventDefault();
    if (event.ctrlKey) {
      this.#zoom(event.deltaY > 0 ? 1.25 : 0.8, this.scope.secondAt(event.offsetX / event.target.clientWidth));
    } else {
      this.scope.scroll((event.deltaX || event.deltaY) / event.target.clientWidth);
      this.draw();
    }
  }

  #setVolume(share) {
    this.#part("volume").setAttribute("aria-valuetext", `${Math.round(share * 100)} %`);
    this.own.volume = share;
    if (this.other) this.other.volume = share;
  }
}

/** Bring the player to life; nothing sounds before a person asks for it. */
export function mountPlayer(root) {
  const player = new Player(root);
  if (player.spans.length) describe("Shift 1–9", "Play the evidence of that number");
  player.scope.show(Math.max(0, (player.spans[0]?.start ?? 0) - 1));
  player.draw();
  player.overview.load().then(() => player.draw());
  new ResizeObserver(() => player.draw()).observe(root);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => player.draw());
}
