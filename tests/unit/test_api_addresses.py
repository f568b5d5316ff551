"""Which addresses a webhook may have."""

import ipaddress

import pytest

from api.services import addresses
from api.settings import Settings
from schemas.errors import AddressRefused

STRICT = Settings()
LOOSE = Settings(webhook_private=True)
PRIVATE = [
    "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
    "240.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "ff02::1", "::ffff:127.0.0.1",
    "::ffff:169.254.169.254", "64:ff9b::a00:1", "2002:7f00:1::", "2001:0:4136:e378:8000:63bf:f5ff:fffe",
    "fec0::1", "64:ff9b:1::a00:1", "::127.0.0.1", "192.88.99.1", "3fff::1",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_refused(address):
    assert not addresses.is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1", "::ffff:93.184.216.34", "64:ff9b::808:808"])
def test_public_addresses_pass(address):
    assert addresses.is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/x", "ftp://example.com", "https://", "https://user:pw@example.com/", "https://e x.com/",
        "https://example.com/#part", "https://example.com:99999/", "file:///etc/x", "https://exämple.com/",
        "https://example.com/\r\nX: y",
    ],
)  # fmt: skip
def test_what_is_no_plain_https_address_is_refused(url):
    with pytest.raises(AddressRefused):
        addresses.parse(url, STRICT)


@pytest.mark.parametrize("url", ["https://127.0.0.1/x", "https://[::1]/", "https://localhost/", "https://2130706433/"])
def test_names_and_numbers_of_this_machine_are_refused(url):
    with pytest.raises(AddressRefused):
        addresses.resolve(addresses.parse(url, STRICT), STRICT)


def test_a_name_with_one_private_address_among_others_is_refused(monkeypatch):
    found = [(2, 1, 6, "", (ip, 443)) for ip in ("93.184.216.34", "10.0.0.1")]
    monkeypatch.setattr(addresses.socket, "getaddrinfo", lambda *_, **__: found)

    with pytest.raises(AddressRefused):
        addresses.resolve(addresses.parse("https://example.com/", STRICT), STRICT)


def test_the_connection_goes_to_the_address_that_was_looked_at(monkeypatch):
    asked = []
    found = [(2, 1, 6, "", ("93.184.216.34", 8443))]
    monkeypatch.setattr(addresses.socket, "getaddrinfo", lambda host, *_, **__: asked.append(host) or found)

    target = addresses.resolve(addresses.parse("https://example.com:8443/hook?a=b", STRICT), STRICT)

    assert (target.address, target.authority, target.path) == ("93.184.216.34", "example.com:8443", "/hook?a=b")
    assert asked == ["example.com"]


def test_closed_networks_may_say_so():
    target = addresses.parse("http://127.0.0.1:9/x", LOOSE)

    assert addresses.resolve(target, LOOSE).address == "127.0.0.1"


@pytest.mark.parametrize(
    ("url", "to"),
    [
        ("mailto:ops@example.com", "ops@example.com"),
        ("mailto:a@b.example?cc=x@y.example", None),
        ("mailto:a@b.example,c@d.example", None),
        ("mailto:a\r\nBcc:x@y.example", None),
        ("https://example.com", None),
    ],
)
def test_a_mail_address_is_one_and_alone(url, to):
    assert addresses.mail_address(url) == to
