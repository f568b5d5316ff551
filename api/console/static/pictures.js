// What the sound looks like: the whole as a small waveform, the visible stretch as a spectrogram above a waveform.
// The server computes what is visible and nothing else; whoever zooms or scrolls asks it for that stretch.

const MARKS = { high: "#ff9d93", medium: "#efbd6c", low: "#c3cbd6" }; // on the dark picture in either scheme
const TICK_HZ = 5000;
const SECONDS_PER_REQUEST = 1800; // as much as the server draws at once
const [SHORTEST_S, USUAL_S, LONGEST_S] = [1, 16, 900]; // visible at once
const WAIT_MS = 120; // zooming goes through stretches that nobody looks at

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

function fitted(canvas) {
  const scale = window.devicePixelRatio || 1;
  const [width, height] = [Math.round(canvas.clientWidth * scale), Math.round(canvas.clientHeight * scale)];
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  return { context: canvas.getContext("2d"), width, height, scale };
}

function stretches(duration) {
  const count = Math.ceil(duration / SECONDS_PER_REQUEST);
  return Array.from({ length: count }, (_, at) => [at * SECONDS_PER_REQUEST, Math.min((at + 1) * SECONDS_PER_REQUEST, duration)]);
}

function peaksUrl(url, start, end, points) {
  return `${url}/peaks?start_s=${start}&end_s=${end}&points=${Math.max(1, Math.round(points))}`;
}

function pictureUrl(url, start, end, width, height) {
  const size = `width=${Math.min(1024, Math.max(64, width))}&height=${Math.min(256, Math.max(64, height))}`;
  return `${url}/spectrogram?start_s=${start}&end_s=${end}&${size}`;
}

function overviewPoints(canvas) {
  return Math.max(64, Math.min(1600, Math.round(canvas.clientWidth)));
}

function wavePoints(canvas) {
  return Math.max(64, Math.min(2048, Math.round(canvas.clientWidth)));
}

function startAround(second, seconds, duration) {
  return Math.min(Math.max(0, second - seconds * 0.1), Math.max(0, duration - seconds));
}

/** What a player of the same size will ask for first: the whole as peaks. */
export function overviewUrls({ url, duration }, root) {
  const canvas = root?.querySelector("[data-waveform]");
  if (!canvas) return [];
  const points = overviewPoints(canvas);
  return stretches(duration).map(([start, end]) => peaksUrl(url, start, end, (points * (end - start)) / duration));
}

/** What a player of the same size will ask for first: the stretch around a second. */
export function scopeUrls({ url, duration }, root, second) {
  const [canvas, wave] = ["spectrogram", "wave"].map((name) => root?.querySelector(`[data-${name}]`));
  if (!canvas || !wave) return [];
  const seconds = Math.min(USUAL_S, duration);
  const start = startAround(second, seconds, duration);
  const { width, height } = fitted(canvas);
  return [pictureUrl(url, start, start + seconds, width, height), peaksUrl(url, start, start + seconds, wavePoints(wave))];
}

/** The whole recording as a waveform with the evidence and the playhead. */
export class Overview {
  constructor(canvas, { url, duration, spans }) {
    Object.assign(this, { canvas, url, duration, spans, peaks: [] });
  }

  async load() {
    const points = overviewPoints(this.canvas);
    for (const [start, end] of stretches(this.duration)) {
      const answer = await fetch(peaksUrl(this.url, start, end, (points * (end - start)) / this.duration));
      if (!answer.ok) return;
      this.peaks.push(...(await answer.json()).peaks);
      this.draw(0);
    }
  }

  draw(time, view) {
    const { context, width, height, scale } = fitted(this.canvas);
    context.clearRect(0, 0, width, height);
    if (view) this.#drawView(context, view, width, height, scale);
    this.#drawSpans(context, width, height, scale);
    const played = (time / this.duration) * width;
    const [soft, accent, middle] = [colour("strong-line"), colour("accent"), height / 2];
    const step = width / Math.max(this.peaks.length, 1);
    this.peaks.forEach(([low, high], at) => {
      context.fillStyle = at * step < played ? accent : soft;
      const top = middle - high * middle * 0.92;
      context.fillRect(at * step, top, Math.max(step - 0.4 * scale, 0.6), Math.max((high - low) * middle * 0.92, scale));
    });
    context.fillStyle = colour("ink");
    context.fillRect(played, 0, 1.5 * scale, height);
  }

  #drawView(context, [start, end], width, height, scale) {
    const [left, right] = [(start / this.duration) * width, (end / this.duration) * width];
    context.fillStyle = colour("sunk");
    context.fillRect(left, 0, right - left, height);
    context.fillStyle = colour("strong-line");
    for (const x of [left, right - scale]) context.fillRect(x, 0, scale, height);
  }

  #drawSpans(context, width, height, scale) {
    for (const span of this.spans) {
      const [left, right] = [(span.start / this.duration) * width, (span.end / this.duration) * width];
      context.fillStyle = colour(`${span.severity}-ground`);
      context.fillRect(left, 0, Math.max(right - left, 3 * scale), height);
      context.fillStyle = colour(span.severity);
      context.fillRect(left, 0, Math.max(right - left, 3 * scale), 3 * scale);
    }
  }
}

/** The visible stretch as spectrogram and waveform; pages on as the sound runs, zooms and scrolls by hand. */
export class Scope {
  #timer = 0;

  constructor({ canvas, wave, marks }, { url, duration, spans, topHz, seconds = USUAL_S, onLoad = () => {} }) {
    Object.assign(this, { canvas, wave, marks, url, duration, spans, topHz, onLoad });
    this.seconds = Math.min(seconds, duration);
    this.start = -1;
    this.picture = null;
    this.peaks = [];
  }

  get end() {
    return this.start + this.seconds;
  }

  /** Bring a second into view; where it leaves the view, a new page starts a little before it. */
  show(second, { fresh = false } = {}) {
    if (!fresh && this.start >= 0 && second >= this.start && second < this.end) return;
    this.#view(startAround(second, this.seconds, this.duration), this.seconds, 0);
  }

  /** Show less or more around a second, which stays where it is on the screen. */
  zoom(factor, second) {
    const seconds = Math.min(Math.max(this.seconds * factor, SHORTEST_S), LONGEST_S, this.duration);
    const share = (second - this.start) / this.seconds;
    this.#view(second - share * seconds, seconds, WAIT_MS);
  }

  /** Move the view by a share of its width. */
  scroll(share) {
    this.#view(this.start + share * this.seconds, this.seconds, WAIT_MS);
  }

  #view(wanted, seconds, waitMs) {
    const start = Math.min(Math.max(0, wanted), Math.max(0, this.duration - seconds));
    if (start === this.start && seconds === this.seconds) return;
    Object.assign(this, { start, seconds, picture: null, peaks: [] }); // no old picture under new seconds
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#fetch(), waitMs);
  }

  draw(time) {
    const { context, width, height, scale } = fitted(this.marks);
    context.clearRect(0, 0, width, height);
    this.#drawPicture();
    this.#drawWave();
    const x = (second) => ((second - this.start) / this.seconds) * width;
    context.font = `${11 * scale}px sans-serif`;
    this.#drawScale(context, width, (this.canvas.clientHeight || 1) * scale, scale);
    for (const span of this.spans.filter((one) => one.end > this.start && one.start < this.end)) {
      this.#drawSpan(context, span, x(span.start), x(span.end), height, scale);
    }
    context.fillStyle = "#ffffff";
    context.fillRect(x(time), 0, 1.5 * scale, height);
  }

  /** The second at a share of the width. */
  secondAt(share) {
    return this.start + share * this.seconds;
  }

  #drawSpan(context, span, left, right, height, scale) {
    const [edge, wide] = [1.5 * scale, Math.max(right - left, 3 * scale)];
    context.fillStyle = MARKS[span.severity];
    context.fillRect(left, 0, wide, 3 * scale);
    context.fillText(span.number, Math.max(left, 0) + 5 * scale, 16 * scale);
    context.globalAlpha = 0.7;
    context.fillRect(left, 0, edge, height);
    context.fillRect(left + wide - edge, 0, edge, height);
    context.globalAlpha = 1;
  }

  #drawScale(context, width, height, scale) {
    context.fillStyle = "#ffffffd0";
    context.textAlign = "right";
    context.shadowColor = "#000000";
    context.shadowBlur = 4 * scale;
    for (let hz = TICK_HZ; hz < this.topHz * 0.95; hz += TICK_HZ) {
      const y = height * (1 - hz / this.topHz);
      context.fillRect(width - 6 * scale, y, 6 * scale, scale);
      context.fillText(`${hz / 1000} kHz`, width - 9 * scale, y + 4 * scale);
    }
    context.textAlign = "left";
    context.shadowBlur = 0;
  }

  #drawPicture() {
    const { context, width, height } = fitted(this.canvas);
    context.clearRect(0, 0, width, height);
    if (this.picture) context.drawImage(this.picture, 0, 0, width, height);
  }

  #drawWave() {
    const { context, width, height, scale } = fitted(this.wave);
    context.clearRect(0, 0, width, height);
    context.fillStyle = "#5fa3a8"; // on the dark ground in either scheme
    const [middle, step] = [height / 2, width / Math.max(this.peaks.length, 1)];
    this.peaks.forEach(([low, high], at) => {
      context.fillRect(at * step, middle - high * middle, Math.max(step, scale), Math.max((high - low) * middle, scale));
    });
  }

  #fetch() {
    const { width, height } = fitted(this.canvas);
    const [start, end] = [this.start, this.end];
    const isStill = () => start === this.start && end === this.end; // the view may have moved meanwhile
    const picture = new Image();
    picture.addEventListener("load", () => {
      if (!isStill()) return;
      this.picture = picture;
      this.onLoad();
    });
    picture.src = pictureUrl(this.url, start, end, width, height);
    fetch(peaksUrl(this.url, start, end, wavePoints(this.wave)))
      .then((answer) => (answer.ok ? answer.json() : { peaks: [] }))
      .then(({ peaks }) => {
        if (!isStill()) return;
        this.peaks = peaks;
        this.onLoad();
      })
      .catch(() => {}); // without it the spectrogram still stands
  }
}
