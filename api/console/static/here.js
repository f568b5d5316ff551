// The link of the top that leads to where one is, says so: the one whose address is the longest beginning of this page's.

const isWithin = ({ pathname }) => location.pathname === pathname || location.pathname.startsWith(`${pathname}/`);
const links = [...document.querySelectorAll(".top nav a[href]")].filter(isWithin);
const [here] = links.sort((one, other) => other.pathname.length - one.pathname.length);
if (here) {
  here.setAttribute("aria-current", "page");
  const { parentElement: nav, offsetLeft, offsetWidth } = here;
  nav.scrollLeft = offsetLeft - nav.offsetLeft - (nav.clientWidth - offsetWidth) / 2; // on a phone the row is longer than the screen
}
