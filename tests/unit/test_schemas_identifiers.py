"""Identifiers: genuine ones pass in every dress, one changed character does not."""

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import InvalidIdentifier
from schemas.identifiers import PARSERS, Broken, parse_icpn, parse_ipi, parse_isni, parse_isrc, same_icpn

GENUINE = [
    ("ISRC", "US-S1Z-99-00001", "USS1Z9900001"),
    ("ISRC", "gbayE6800011", "GBAYE6800011"),
    ("ISRC", "QZHN91234567", "QZHN91234567"),
    ("ICPN", "73513537", "73513537"),
    ("ICPN", "036000291452", "036000291452"),
    ("ICPN", "4006381333931", "4006381333931"),
    ("ICPN", "98412345678908", "98412345678908"),
    ("GRid", "A1-2425G-ABC1234002-M", "A12425GABC1234002M"),
    ("ISNI", "0000 0001 2281 955X", "000000012281955X"),
    ("IPI", "00052210040", "00052210040"),
    ("ISWC", "T-034.524.680-1", "T0345246801"),
    ("DPID", "PA-DPIDA-202401120D-9", "PADPIDA202401120D9"),
    ("DPID", "padpida2007050901u", "PADPIDA2007050901U"),
]

BROKEN = [
    ("ISRC", "", Broken.LENGTH),
    ("ISRC", "USS1Z990000", Broken.LENGTH),
    ("ISRC", "USS1Z99O0001", Broken.FORM),
    ("ISRC", "TEST00000001", Broken.PREFIX),
    ("ISRC", "USS1Z99\u0660\u0660\u0660\u0660\u0661", Broken.FORM),
    ("ICPN", "1234567890123", Broken.CHECK),
    ("ICPN", "123456789", Broken.LENGTH),
    ("ICPN", "40063813339A1", Broken.FORM),
    ("GRid", "A12425GABC1234002Q", Broken.CHECK),
    ("GRid", "B12425GABC1234002M", Broken.PREFIX),
    ("GRid", "A12425GABC123400_M", Broken.FORM),
    ("GRid", "A1", Broken.LENGTH),
    ("ISNI", "0000 0001 1111 955X", Broken.CHECK),
    ("ISNI", "0000 0001 2281", Broken.LENGTH),
    ("ISNI", "X000000122819550", Broken.FORM),
    ("IPI", "00052210041", Broken.CHECK),
    ("IPI", "52210040", Broken.LENGTH),
    ("IPI", "0005221004X", Broken.FORM),
    ("ISWC", "T-034.524.680-2", Broken.CHECK),
    ("ISWC", "X-034.524.680-1", Broken.PREFIX),
    ("ISWC", "T03452468O1", Broken.FORM),
    ("DPID", "PADPIDA202401120D8", Broken.CHECK),
    ("DPID", "PADPIDB202401120D9", Broken.PREFIX),
    ("DPID", "PADPIDA20240112\u00e9D9", Broken.FORM),
    ("DPID", "DPID_OF_THE_SENDER", Broken.PREFIX),
    ("DPID", "PADPIDAXXXX", Broken.LENGTH),
]


def _parsed(scheme, text):
    """The compact form and None, or the empty text and the rule that broke."""
    try:
        return PARSERS[scheme](text), None
    except InvalidIdentifier as error:
        return "", error.rule


@pytest.mark.parametrize(("scheme", "written", "compact"), GENUINE)
def test_genuine_identifiers_come_back_compact(scheme, written, compact):
    assert PARSERS[scheme](written) == compact
    assert PARSERS[scheme](compact) == compact


@pytest.mark.parametrize(("scheme", "written", "rule"), BROKEN)
def test_a_broken_identifier_names_the_rule_it_breaks(scheme, written, rule):
    with pytest.raises(InvalidIdentifier) as caught:
        PARSERS[scheme](written)
    assert caught.value.rule == rule
    assert scheme in caught.value.message


def test_ean_and_upc_of_one_product_are_the_same():
    assert same_icpn("036000291452", "0036000291452")
    assert not same_icpn("036000291452", "4006381333931")


@given(st.text(), st.sampled_from(sorted(PARSERS)))
def test_any_text_is_either_normal_or_refused(text, scheme):
    compact, broken = _parsed(scheme, text)
    if broken is None:
        assert compact.isascii()
        assert _parsed(scheme, compact) == (compact, None)
    else:
        assert broken in set(Broken)


@given(
    st.sampled_from([parse_icpn, parse_ipi, parse_isni]),
    st.integers(0, 15),
    st.sampled_from(string.digits),
)
def test_one_changed_digit_is_noticed(parse, place, digit):
    good = {parse_icpn: "4006381333931", parse_ipi: "00052210040", parse_isni: "000000012281955X"}[parse]
    changed = good[:place] + digit + good[place + 1 :]
    if place < len(good) - 1 and changed != good:
        with pytest.raises(InvalidIdentifier):
            parse(changed)


@given(st.text(string.ascii_uppercase + string.digits, min_size=10, max_size=10))
def test_exactly_one_check_character_closes_a_dpid(body):
    broken = [_parsed("DPID", "PADPIDA" + body + check)[1] for check in string.digits + string.ascii_uppercase]
    assert broken.count(None) == 1
    assert broken.count(Broken.CHECK) == 35


@settings(max_examples=30)
@given(st.from_regex(r"US[A-Z0-9]{3}[0-9]{7}", fullmatch=True))
def test_separators_and_case_do_not_matter(isrc):
    dressed = f"{isrc[:2]}-{isrc[2:5]}-{isrc[5:7]}-{isrc[7:]}".lower()
    assert parse_isrc(dressed) == isrc
