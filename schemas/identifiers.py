"""Identifiers of music metadata: each ``parse_`` takes text as written and returns its compact form.

Spaces and the scheme's separators are dropped, letters become upper case; whatever breaks the
scheme's rule raises `InvalidIdentifier`, whose ``rule`` says which one.

=======  =======================================  =====================================
scheme   form                                     check
=======  =======================================  =====================================
ISRC     ``CC XXX YY NNNNN`` (ISO 3901)           country or special prefix
ICPN     8, 12, 13 or 14 digits (UPC, EAN, GTIN)  GS1 mod 10
GRid     ``A1`` + 16 (IFPI)                       ISO 7064 mod 37,36
ISNI     15 digits + digit or X (ISO 27729)       ISO 7064 mod 11-2
IPI      11 digits (CISAC name number)            weighted sum mod 101
ISWC     ``T`` + 9 digits + digit (ISO 15707)     weighted sum mod 10
DPID     ``PADPIDA`` + 11 (DDEX)                  ISO 7064 mod 37,36 over all 18
=======  =======================================  =====================================

The check character of a DPID stands in no DDEX text; it was deduced from DPIDs in use, all of
which carry it, so that a wrong one is a reason for doubt rather than an error.
"""

import re
from collections.abc import Callable
from enum import StrEnum
from functools import lru_cache

from stdnum import ean, grid, isni, isrc
from stdnum.exceptions import InvalidChecksum, InvalidComponent, InvalidFormat, InvalidLength, ValidationError
from stdnum.iso7064 import mod_37_36

from schemas.errors import InvalidIdentifier


class Broken(StrEnum):
    """Which part of a scheme's rule an identifier breaks."""

    LENGTH = "length"
    FORM = "form"  # a character that may not stand where it stands
    PREFIX = "prefix"  # well formed, but begins with nothing that is assigned
    CHECK = "check"  # the check digit or character


_SEPARATORS = re.compile(r"[\s\-.]+")
_ISWC = re.compile(r"T[0-9]{10}")
_IPI = re.compile(r"[0-9]{11}")
_GRID = re.compile(r"A1[0-9A-Z]{16}")
_DPID = re.compile(r"PADPIDA[0-9A-Z]{11}")
_SAID: dict[type[ValidationError], tuple[Broken, str]] = {
    InvalidLength: (Broken.LENGTH, "has the wrong length"),
    InvalidFormat: (Broken.FORM, "has a character where it may not stand"),
    InvalidComponent: (Broken.PREFIX, "begins with a prefix that nobody is assigned"),
    InvalidChecksum: (Broken.CHECK, "does not agree with its check digit"),
}


@lru_cache(maxsize=16_384)  # several rules ask about the same code
def parse_isrc(text: str) -> str:
    """Read an International Standard Recording Code.

    Returns
    -------
    str
        12 characters, upper case.

    Raises
    ------
    InvalidIdentifier
        ``length``, ``form``, or ``prefix`` for one that no ISRC agency issues.

    Examples
    --------
    >>> parse_isrc("us-s1z-99-00001")
    'USS1Z9900001'
    """
    return _by_stdnum("ISRC", text, 12, isrc.validate)


def parse_icpn(text: str) -> str:
    """Read a product number: UPC, EAN or GTIN (DDEX rule 1001-1).

    Returns
    -------
    str
        8, 12, 13 or 14 digits as written; compare two of them by `same_icpn`.

    Raises
    ------
    InvalidIdentifier
        ``form``, ``length`` or ``check``.
    """
    return _by_stdnum("ICPN", text, None, ean.validate)


def same_icpn(one: str, other: str) -> bool:
    """Whether two product numbers name the same product: a UPC is an EAN with a leading zero."""
    return one.zfill(14) == other.zfill(14)


def parse_grid(text: str) -> str:
    """Read a Global Release Identifier.

    Returns
    -------
    str
        18 characters, beginning with ``A1``.

    Raises
    ------
    InvalidIdentifier
        ``length``, ``prefix``, ``form`` or ``check``.
    """
    compact = _compact("GRid", text, 18)
    if not compact.startswith("A1"):
        raise _broken("GRid", text, Broken.PREFIX, "does not begin with A1")
    if not _GRID.fullmatch(compact):
        raise _broken("GRid", text, Broken.FORM, "is not 18 letters and digits")
    return _by_stdnum("GRid", compact, 18, grid.validate)


def parse_isni(text: str) -> str:
    """Read an International Standard Name Identifier.

    Returns
    -------
    str
        16 characters: 15 digits and a digit or ``X``.

    Raises
    ------
    InvalidIdentifier
        ``length``, ``form`` or ``check``.

    Examples
    --------
    >>> parse_isni("0000 0001 2281 955x")
    '000000012281955X'
    """
    return _by_stdnum("ISNI", text, 16, isni.validate)


def parse_ipi(text: str) -> str:
    """Read an IPI name number.

    Returns
    -------
    str
        11 digits.

    Raises
    ------
    InvalidIdentifier
        ``length``, ``form`` or ``check``.

    Examples
    --------
    >>> parse_ipi("00052210040")
    '00052210040'
    """
    compact = _compact("IPI", text, 11)
    if not _IPI.fullmatch(compact):
        raise _broken("IPI", text, Broken.FORM, "is not 11 digits")
    total = sum(weight * int(digit) for weight, digit in zip(range(10, 1, -1), compact[:9], strict=True)) % 101
    if int(compact[9:]) != (101 - total) % 101 % 100:
        raise _broken("IPI", text, *_SAID[InvalidChecksum])
    return compact


def parse_iswc(text: str) -> str:
    """Read an International Standard Musical Work Code.

    Returns
    -------
    str
        ``T`` and 10 digits.

    Raises
    ------
    InvalidIdentifier
        ``length``, ``prefix``, ``form`` or ``check``.

    Examples
    --------
    >>> parse_iswc("T-034.524.680-1")
    'T0345246801'
    """
    compact = _compact("ISWC", text, 11)
    if not compact.startswith("T"):
        raise _broken("ISWC", text, Broken.PREFIX, "does not begin with T")
    if not _ISWC.fullmatch(compact):
        raise _broken("ISWC", text, Broken.FORM, "is not T and 10 digits")
    total = 1 + sum(place * int(digit) for place, digit in enumerate(compact[1:10], start=1))
    if int(compact[10]) != -total % 10:
        raise _broken("ISWC", text, *_SAID[InvalidChecksum])
    return compact


def parse_dpid(text: str) -> str:
    """Read a DDEX Party Identifier.

    Returns
    -------
    str
        18 characters, beginning with ``PADPIDA``.

    Raises
    ------
    InvalidIdentifier
        ``length``, ``prefix``, ``form`` or ``check``.

    Examples
    --------
    >>> parse_dpid("PA-DPIDA-202401120D-9")
    'PADPIDA202401120D9'
    """
    if not _compact("DPID", text, None).startswith("PADPIDA"):  # before its length: another word is no short DPID
        raise _broken("DPID", text, Broken.PREFIX, "does not begin with PADPIDA")
    compact = _compact("DPID", text, 18)
    if not _DPID.fullmatch(compact):
        raise _broken("DPID", text, Broken.FORM, "is not 18 letters and digits")
    if not mod_37_36.is_valid(compact):
        raise _broken("DPID", text, Broken.CHECK, "does not agree with its check character")
    return compact


PARSERS: dict[str, Callable[[str], str]] = {
    "ISRC": parse_isrc,
    "ICPN": parse_icpn,
    "GRid": parse_grid,
    "ISNI": parse_isni,
    "IPI": parse_ipi,
    "ISWC": parse_iswc,
    "DPID": parse_dpid,
}
"""Scheme, as `schemas.release.Identified` names it, to its parser."""


def _compact(scheme: str, text: str, length: int | None) -> str:
    compact = _SEPARATORS.sub("", text).upper()
    if length is not None and len(compact) != length:
        raise _broken(scheme, text, Broken.LENGTH, f"has {len(compact)} characters instead of {length}")
    return compact


def _by_stdnum(scheme: str, text: str, length: int | None, validate: Callable[[str], str]) -> str:
    compact = _compact(scheme, text, length)
    # stdnum folds look-alike Unicode digits and dashes; an identifier is ASCII or it is wrong.
    if not compact.isascii() or not compact.isalnum():
        raise _broken(scheme, text, *_SAID[InvalidFormat])
    try:
        return validate(compact)
    except ValidationError as error:
        raise _broken(scheme, text, *_SAID[type(error)]) from error


def _broken(scheme: str, text: str, rule: Broken, said: str) -> InvalidIdentifier:
    shown = text if len(text) <= 40 else text[:39] + "…"
    return InvalidIdentifier(f"{scheme} {shown!r} {said}.", rule=rule, mend=f"Send the {scheme} as it was issued.")
