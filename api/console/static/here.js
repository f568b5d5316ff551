// The link of the top that leads to where one is, says so: the one whose address is the longest beginning of this page's.

const isWithin = ({ pathname }) => location.pathname === pathname || location.pathname.startsWith(`${pathname}/`);
const links = [...document.querySelectorAll(".top nav a[href]")].filter(isWithin);
links.sort((one, other) => other.pathname.length - one.pathname.length)[0]?.setAttribute("aria-current", "page");
