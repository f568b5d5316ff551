// What every page does: it says where one is and what was just done.

// The link of the top that leads to where one is: the one whose address is the longest beginning of this page's.
const inside = (pathname) => (pathname === "/console" ? "/console/cases/" : `${pathname}/`); // the queue leads to cases
const isWithin = ({ pathname }) => location.pathname === pathname || location.pathname.startsWith(inside(pathname));
const links = [...document.querySelectorAll(".top nav a[href]")].filter(isWithin);
const [here] = links.sort((one, other) => other.pathname.length - one.pathname.length);
if (here) {
  here.setAttribute("aria-current", "page");
  const { parentElement: nav, offsetLeft, offsetWidth } = here;
  nav.scrollLeft = offsetLeft - nav.offsetLeft - (nav.clientWidth - offsetWidth) / 2; // on a phone the row is longer than the screen
}

const TOLD_MS = 300; // a screen reader takes up a new page first; what changes afterwards it says
const said = document.querySelector("[data-notice]");
const notice = said?.closest(".notice");
if (notice?.matches(".notice-problem")) notice.focus();
else if (notice) {
  setTimeout(() => {
    said.replaceChildren(said.textContent);
    said.dataset.said = "yes";
  }, TOLD_MS);
}
const address = new URL(location);
if (address.searchParams.has("did")) { // whoever gets this address from a colleague did nothing
  address.searchParams.delete("did");
  history.replaceState(history.state, "", address);
}
