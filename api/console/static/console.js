// The one entry: each module looks for its own part of the page and leaves the rest alone.

import { mountDecide } from "./decide.js";
import { mountFilter } from "./filter.js";
import { mountKeys } from "./keys.js";
import { mountLandmarks } from "./landmarks.js";
import { mountPalette } from "./palette.js";
import { mountPlayer } from "./player.js";
import { mountPreload } from "./preload.js";
import { mountQueue } from "./queue.js";
import { mountRest } from "./rest.js";
import { mountRebinds } from "./settings.js";
import { mountCountdown, mountDisclosures, mountHeartbeat } from "./work.js";

const mounts = {
  "[data-queue]": mountQueue,
  "[data-decide]": mountDecide,
  "[data-player]": mountPlayer,
  "[data-landmarks]": mountLandmarks,
  "[data-countdown]": mountCountdown,
  "[data-heartbeat]": mountHeartbeat,
  "[data-completing]": mountFilter,
  "[data-palette]": mountPalette,
  "[data-preload]": mountPreload,
  "[data-rest]": mountRest,
  "[data-rebinds]": mountRebinds,
  ".work": mountDisclosures,
};

for (const [selector, mount] of Object.entries(mounts)) {
  document.querySelectorAll(selector).forEach((element) => mount(element));
}
mountKeys();
