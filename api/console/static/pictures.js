// What the sound looks like: the whole as a waveform, the stretch around the playhead as a spectrogram.

const MARKS = { high: "#ff9d93", medium: "#efbd6c", low: "#c3cbd6" }; // on the dark picture in either scheme
const TICK_HZ = 5000;
const SECONDS_PER_REQUEST = 1800; // as much as the server draws at once

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

function fitted(canvas) {
  const scale = window.devicePixelRatio || 1;
  const [width, height] = [Math.round(canvas.clientWidth * scale), Math.round(canvas.clientHeight * scale)];
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  return { context: canvas.getContext("2d"), width, height, scale };
}

/** The whole recording as a waveform with the evidence and the playhead. */
export class Overview {
  constructor(canvas, { url, duration, spans }) {
    Object.assign(this, { canvas, url, duration, spans, peaks: [] });
  }

  async load() {
    const points = Math.max(64, Math.min(1600, Math.round(this.canvas.clientWidth)));
    for (let start = 0; start < this.duration; start += SECONDS_PER_REQUEST) {
      const end = Math.min(start + SECONDS_PER_REQUEST, this.duration);
      const count = Math.max(1, Math.round((points * (end - start)) / this.duration));
      const answer = await fetch(`${this.url}/peaks?start_s=${start}&end_s=${end}&points=${count}`);
      if (!answer.ok) return;
      this.peaks.push(...(await answer.json()).peaks);
      this.draw(0);
    }
  }

  draw(time) {
    const { context, width, height, scale } = fitted(this.canvas);
    context.clearRect(0, 0, width, height);
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

/** The stretch around the playhead as a spectrogram; pages on as the sound runs. */
export class Scope {
  constructor(canvas, marks, { url, duration, spans, topHz, seconds = 16 }) {
    Object.assign(this, { canvas, marks, url, duration, spans, topHz, seconds: Math.min(seconds, duration) });
    this.start = -1;
    this.picture = null;
  }

  get end() {
    return this.start + this.seconds;
  }

  /** Bring a second into view; where it leaves the view, a new page starts a little before it. */
  show(second, { fresh = false } = {}) {
    if (!fresh && this.start >= 0 && second >= this.start && second < this.end) return;
    const start = Math.min(Math.max(0, second - this.seconds * 0.1), Math.max(0, this.duration - this.seconds));
    if (start === this.start) return;
    this.start = start;
    this.#fetch();
  }

  draw(time) {
    const { context, width, height, scale } = fitted(this.marks);
    context.clearRect(0, 0, width, height);
    this.#drawPicture();
    const x = (second) => ((second - this.start) / this.seconds) * width;
    context.font = `${11 * scale}px sans-serif`;
    this.#drawScale(context, width, height, scale);
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

  #fetch() {
    const { width, height } = fitted(this.canvas);
    const start = this.start;
    const picture = new Image();
    this.picture = null;
    picture.addEventListener("load", () => {
      if (start !== this.start) return; // the page was turned meanwhile
      this.picture = picture;
      this.#drawPicture();
    });
    const size = `width=${Math.min(1024, Math.max(64, width))}&height=${Math.min(256, Math.max(64, height))}`;
    picture.src = `${this.url}/spectrogram?start_s=${start}&end_s=${this.end}&${size}`;
  }
}
