// The next case is loaded while this one is looked at: its page is read, its pictures and first sound are fetched.

import { overviewUrls, scopeUrls } from "./pictures.js";
import { excerptAt } from "./sound.js";

const QUIET_MS = 1200; // this case comes first

function warm(address) {
  return fetch(address, { priority: "low" }).then((answer) => answer.arrayBuffer()).catch(() => null);
}

/** A minute of sound is some megabytes: not for a train. */
function isFast() {
  return (navigator.connection?.effectiveType ?? "4g") === "4g";
}

async function preload(href) {
  const answer = await fetch(href, { priority: "low", headers: { accept: "text/html" } });
  if (!answer.ok || !answer.url.includes("/console/cases/")) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const player = page.querySelector("[data-player]");
  document.documentElement.dataset.preloaded = new URL(answer.url).pathname;
  if (!player) return;
  const first = page.querySelector("[data-span]");
  const about = { url: player.dataset.url.replace(/\/audio$/, ""), duration: Number(player.dataset.duration) };
  const own = document.querySelector("[data-player]");
  const second = Math.max(0, Number(first?.dataset.start ?? 0) - 1);
  for (const address of [...overviewUrls(about, own), ...scopeUrls(about, own, second)]) await warm(address);
  const isDecoded = player.dataset.whole === "no"; // the browser itself asks for the parts of any other file
  if (isDecoded && isFast()) await warm(excerptAt(player.dataset.url, Number(first?.dataset.start ?? 0), about.duration).address);
  document.documentElement.dataset.warmed = "yes";
}

/** Load the case behind a link when this page has come to rest. */
export function mountPreload(link) {
  if (navigator.connection?.saveData) return;
  setTimeout(() => preload(link.href), QUIET_MS);
}
