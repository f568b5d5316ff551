// The one entry: each module looks for its own part of the page and leaves the rest alone.

import { mountDecide } from "./decide.js";
import { mountKeys } from "./keys.js";
import { mountPlayer } from "./player.js";
import { mountQueue } from "./queue.js";
import { mountCountdown, mountDisclosures, mountHeartbeat } from "./work.js";

const mounts = {
  "[data-queue]": mountQueue,
  "[data-decide]": mountDecide,
  "[data-player]": mountPlayer,
  "[data-countdown]": mountCountdown,
  "[data-heartbeat]": mountHeartbeat,
  ".work": mountDisclosures,
};

for (const [selector, mount] of Object.entries(mounts)) {
  document.querySelectorAll(selector).forEach((element) => mount(element));
}
mountKeys();
