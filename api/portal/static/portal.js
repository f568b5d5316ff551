// The one entry of the labels' pages: each module looks for its own part of the page.

import { mountDisclosure } from "./disclosure.js";
import { mountEditor } from "./editor.js";
import { mountUpload } from "./upload.js";

const mounts = { "[data-upload]": mountUpload, "[data-editor]": mountEditor, "[data-disclosure]": mountDisclosure };

for (const [selector, mount] of Object.entries(mounts)) {
  document.querySelectorAll(selector).forEach((element) => mount(element));
}
