// Files in pieces (tus 1.0): progress, pause, and going on after a lost line or a reload.

const PIECE = 4 * 1024 * 1024;
const TUS = { "Tus-Resumable": "1.0.0" };
const MESSAGE = /\.(xml|json|csv|xlsx)$/i;
const LONGEST_WAIT_MS = 30_000;

const encode = (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));
const wait = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

/** What stands between two attempts: a refusal says so and is final, a lost line is tried again. */
class Refused extends Error {}

async function ask(method, url, headers, body, signal) {
  const csrf = document.body.dataset.csrf;
  const answer = await fetch(url, { method, headers: { ...TUS, "X-CSRF-Token": csrf, ...headers }, body, signal });
  if (answer.ok || answer.status === 409) return answer;
  if (answer.status >= 500 || answer.status === 429) throw new TypeError(`the server said ${answer.status}`);
  const problem = await answer.json().catch(() => ({}));
  throw new Refused([problem.detail, problem.mend].filter(Boolean).join(" ") || `The server said ${answer.status}.`);
}

/** One file on its way. */
class Sending {
  constructor(file, path, row) {
    Object.assign(this, { file, path, row, url: null, offset: 0, abort: null });
  }

  show(text) {
    this.row.querySelector("progress").value = this.file.size ? this.offset / this.file.size : 1;
    this.row.querySelector("output").textContent = text ?? `${Math.floor((100 * this.offset) / (this.file.size || 1))} %`;
  }

  fail(text) {
    this.row.querySelector("output").textContent = "not sent";
    const line = document.createElement("span");
    line.className = "failed";
    line.textContent = text;
    this.row.append(line);
  }

  async open(target, known, uploads) {
    const before = known.find((one) => one.upload && one.size === this.file.size
      && [this.path, `resources/${this.path}`].includes(one.name));
    if (before) {
      this.url = `/v1/uploads/${before.upload}`;
      await this.look();
      return;
    }
    this.mark = target.appeal ? `upload ${target.appeal} ${target.kind} ${this.path} ${this.file.size} ${this.file.lastModified}` : null;
    if (await this.remembered()) return;
    const told = Object.entries({ filename: this.path, ...target }).map(([name, value]) => `${name} ${encode(value)}`);
    const headers = { "Upload-Length": String(this.file.size), "Upload-Metadata": told.join(",") };
    this.url = (await ask("POST", uploads, headers)).headers.get("Location");
    if (this.mark) localStorage.setItem(this.mark, this.url);
  }

  /** Whether this browser began the very file for the same appeal before; a draft's files the server names itself. */
  async remembered() {
    const url = this.mark && localStorage.getItem(this.mark);
    if (!url) return false;
    this.url = url;
    try {
      await this.look();
      return true;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      localStorage.removeItem(this.mark);
      this.url = null;
      return false;
    }
  }

  done() {
    if (this.mark) localStorage.removeItem(this.mark);
    this.show("sent");
  }

  async look() {
    this.offset = Number((await ask("HEAD", this.url, {})).headers.get("Upload-Offset"));
  }

  async step() {
    this.abort = new AbortController();
    const piece = this.file.slice(this.offset, this.offset + PIECE);
    const headers = { "Content-Type": "application/offset+octet-stream", "Upload-Offset": String(this.offset) };
    const answer = await ask("PATCH", this.url, headers, piece, this.abort.signal);
    if (answer.status === 409) await this.look();
    else this.offset = Number(answer.headers.get("Upload-Offset"));
    this.show();
  }
}

/** The queue of files of one page. */
class Queue {
  constructor(box) {
    this.box = box;
    this.list = box.querySelector("[data-sending]");
    this.pause = box.querySelector("[data-pause]");
    this.isPaused = false;
    this.isRunning = false;
    this.waiting = [];
    this.current = null;
  }

  get target() {
    const { draft, appeal } = this.box.dataset;
    return draft ? { draft } : { appeal, kind: this.box.querySelector("[data-kind]").value };
  }

  add(files) {
    const paths = files.map((file) => file.webkitRelativePath || file.name);
    const top = paths[0]?.split("/")[0];
    const isFolder = paths.every((path) => path.includes("/") && path.startsWith(`${top}/`));
    const entries = files.map((file, at) => ({ file, path: isFolder ? paths[at].slice(top.length + 1) : paths[at] }));
    const kept = entries.filter(({ path }) => !path.split("/").some((part) => part.startsWith(".")));
    kept.sort((a, b) => MESSAGE.test(b.path) - MESSAGE.test(a.path) || a.file.size - b.file.size);
    for (const { file, path } of kept) this.waiting.push(new Sending(file, path, this.row(path)));
    this.run();
  }

  row(path) {
    const row = document.createElement("li");
    const name = document.createElement("span");
    name.className = "code";
    name.textContent = path;
    const bar = document.createElement("progress");
    bar.max = 1;
    bar.value = 0;
    bar.setAttribute("aria-label", path);
    const state = document.createElement("output");
    state.textContent = "waits";
    row.append(name, bar, state);
    this.list.append(row);
    return row;
  }

  async known() {
    if (!this.box.dataset.draft) return [];
    const answer = await fetch(`/v1/drafts/${this.box.dataset.draft}`);
    return answer.ok ? (await answer.json()).files : [];
  }

  async run() {
    if (this.isRunning) return;
    this.isRunning = true;
    this.pause.disabled = false;
    const target = this.target;
    while (this.waiting.length) {
      this.current = this.waiting.shift();
      const isSent = await this.send(this.current, target);
      if (isSent) await this.refresh();
    }
    this.isRunning = false;
    this.pause.disabled = true;
    this.current = null;
    if (this.box.dataset.appeal) window.location.reload();
  }

  async send(sending, target) {
    for (let attempt = 0; ; attempt += 1) {
      try {
        if (!sending.url) await sending.open(target, await this.known(), this.box.dataset.uploads);
        else if (attempt) await sending.look();
        sending.show();
        while (sending.offset < sending.file.size) {
          await this.unpaused();
          await sending.step();
          attempt = 0;
        }
        sending.done();
        return true;
      } catch (error) {
        if (error instanceof Refused) {
          sending.fail(error.message);
          return false;
        }
        if (!this.isPaused) {
          sending.show("line lost, tries again");
          await wait(Math.min(LONGEST_WAIT_MS, 500 * 2 ** attempt));
        }
        await this.unpaused();
      }
    }
  }

  async unpaused() {
    while (this.isPaused) await wait(200);
  }

  toggle() {
    this.isPaused = !this.isPaused;
    this.pause.setAttribute("aria-pressed", String(this.isPaused));
    this.pause.textContent = this.isPaused ? "Go on" : "Pause";
    if (this.isPaused) {
      this.current?.abort?.abort();
      this.current?.show("paused");
    }
  }

  async refresh() {
    const part = document.querySelector("[data-live]");
    if (!part || !this.box.dataset.state) return;
    const answer = await fetch(this.box.dataset.state, { headers: { Accept: "text/html" } });
    if (answer.ok) part.innerHTML = await answer.text();
    document.getElementById("live").textContent = part.querySelector("[data-verdict] p")?.textContent ?? "";
  }
}

/** Let files be chosen and sent. */
export function mountUpload(box) {
  const queue = new Queue(box);
  for (const input of box.querySelectorAll("[data-files]")) {
    input.addEventListener("change", () => {
      queue.add([...input.files]);
      input.value = "";
    });
  }
  queue.pause.addEventListener("click", () => queue.toggle());
  window.addEventListener("beforeunload", (event) => { if (queue.isRunning) event.preventDefault(); });
}
