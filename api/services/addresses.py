"""Which addresses a webhook may have: whoever registers one must not make this service call its own network.

The name is resolved here and the connection goes to the address that was looked at, so that a name that changes
its mind between the look and the call gains nothing.
"""

import ipaddress
import re
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from api.settings import Settings
from schemas.errors import AddressRefused

MAIL = re.compile(r"mailto:([^\s<>@,;?&%]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?)")
PLAIN = re.compile(r"[!-~]+")  # no blanks, no line ends, nothing but ASCII
NAT64 = ipaddress.ip_network("64:ff9b::/96")
INSIDE = tuple(map(ipaddress.ip_network, ("fec0::/10", "64:ff9b:1::/48", "192.88.99.0/24", "3fff::/20")))
MEND = "Name a public https address, or mailto:somebody@example.com."
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Target:
    """Where to connect, and as whom to ask there."""

    scheme: str
    host: str
    port: int
    path: str
    address: str = ""

    @property
    def authority(self) -> str:
        """The Host header: the name as registered, with a port that is not the usual one."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        return name if self.port == (443 if self.scheme == "https" else 80) else f"{name}:{self.port}"


def mail_address(url: str) -> str | None:
    """Give the address of a ``mailto:`` URL; None for any other."""
    found = MAIL.fullmatch(url)
    return found[1] if found else None


def parse(url: str, settings: Settings) -> Target:
    """Take a webhook's URL apart.

    Raises
    ------
    AddressRefused
        It is no plain https address (http where private addresses are allowed).
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise AddressRefused("The address cannot be read.", mend=MEND) from error
    schemes = {"https", "http"} if settings.webhook_private else {"https"}
    if parts.scheme not in schemes or not parts.hostname or not PLAIN.fullmatch(url):
        raise AddressRefused(f"{url[:80]!a} is no https address.", mend=MEND)
    if parts.username or parts.password or parts.fragment:
        raise AddressRefused("The address carries a password or a fragment.", mend="Messages are signed; leave it out.")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, parts.hostname, port or (443 if parts.scheme == "https" else 80), path)


def resolve(target: Target, settings: Settings) -> Target:
    """Find the address to connect to.

    Raises
    ------
    AddressRefused
        The name leads to a private address: this machine, its network, a cloud's metadata service.
    OSError
        The name leads nowhere right now.
    """
    found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    addresses = [ipaddress.ip_address(str(one[4][0]).partition("%")[0]) for one in found]
    if not settings.webhook_private and not all(map(is_public, addresses)):
        raise AddressRefused(f"{target.host[:80]} leads to a private address.", mend=MEND)
    return Target(target.scheme, target.host, target.port, target.path, str(addresses[0]))


def is_public(address: Address) -> bool:
    """Whether an address is anybody's on the internet; one that wraps another counts as that one.

    Examples
    --------
    >>> is_public(ipaddress.ip_address("169.254.169.254")), is_public(ipaddress.ip_address("::ffff:10.0.0.1"))
    (False, False)
    """
    inner = _wrapped(address)
    if inner is not None:
        return is_public(inner)
    if any(address in network for network in INSIDE):  # a site's own, and others that Python does not know as such
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _wrapped(address: Address) -> Address | None:
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address in NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None)
