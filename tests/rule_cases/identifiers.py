"""Cases of the IDN group."""

from rule_cases.making import case, evidence, facts, file, message, recording, release

from schemas.release import Deal, Identified, MessageKind, Party


def coded(isrc, **more):
    return message(recording(isrc=isrc), **more)


def releases(scheme, value):
    return message(release(ids=(Identified(scheme=scheme, value=value),)))


def parties(scheme, value):
    return message(parties=(Party(name="Ana Lima", ids=(Identified(scheme=scheme, value=value),)),))


def works(value):
    return message(recording(work_ids=(Identified(scheme="ISWC", value=value),)))


def sender(value):
    return message(sender=Party(name="Harbour", ids=(Identified(scheme="DPID", value=value),)))


def spoken(tag):
    return message(recording(languages=(Identified(scheme="Language", value=tag),)))


def sold(code):
    return message(deals=(Deal(territories=(Identified(scheme="TerritoryCode", value=code),)),))


def two(**second):
    return message(recording(duration_s=180), recording(reference="A2", **{"duration_s": 180, **second}))


def played(stated, actual=180.0):
    return evidence(recording(duration_s=stated), audio=facts(duration_s=actual))


def made(**stated):
    return evidence(recording(files=(file("a.wav", **stated),)))


CASES = {
    "IDN-001": case(
        (coded("QZABC260000"), coded("QZABC26OOO01"), coded("QZ-ABC-26-00001")),
        coded("QZABC2600001"),
        coded("QZ-ABC-26-00001", kind=MessageKind.JSON),
        coded(None),
    ),
    "IDN-002": case(coded("XXABC2600001"), coded("QZABC2600001"), coded("QZABC"), coded("TEST00000001")),
    "IDN-003": case(
        (releases("ICPN", "4006381333932"), releases("ICPN", "123"), releases("ICPN", "4-006381-333931")),
        releases("ICPN", "4006381333931"),
        releases("CatalogNumber", "123"),
    ),
    "IDN-004": case(releases("GRid", "A12425GABC1234002N"), releases("GRid", "A12425GABC1234002M")),
    "IDN-005": case(parties("ISNI", "0000000122819551"), parties("ISNI", "000000012281955X")),
    "IDN-006": case(parties("IPI", "00052210041"), parties("IPI", "00052210040")),
    "IDN-007": case(works("T-034.524.680-2"), works("T-034.524.680-1")),
    "IDN-008": case(
        (sender("PADPIDA202401120D8"), sender("MYDPID"), sender("PA-DPIDA-202401120D-9")), sender("PADPIDA202401120D9")
    ),
    "IDN-009": case(
        (evidence(account="other-label"), evidence(sender_id=None, sender_name="")),
        evidence(account="harbour-records"),
        evidence(account="PADPIDA202401120D9"),
        evidence(),
        evidence(sender_id=None, sender_name="", ern_version=None),  # bare audio has no sender
    ),
    "IDN-010": case(
        two(),
        two(isrc="QZABC2600002"),
        two(isrc=None),
        message(recording(isrc="XXXX"), recording(reference="A2", isrc="XXXX")),  # no ISRC at all: IDN-001
    ),
    "IDN-011": case(two(duration_s=183), two(duration_s=182), two(duration_s=183, isrc="QZABC2600002")),
    "IDN-012": case(
        (spoken("ja_JP"), spoken("eng"), spoken("english"), spoken("xx"), spoken("")),
        *map(spoken, ("ja-JP", "zxx", "zh-Hant", "tl", "prs", "zh-yue", "i-klingon", "es-419")),
    ),
    "IDN-013": case(
        (sold("UK"), sold("EU"), sold("XX-AA"), sold(""), sold("9999"), sold("USAA"), sold("0")),
        sold("GB"),
        sold("Worldwide"),
        sold("XK"),
        sold("ES-CN"),
        sold("2136"),
        sold("840"),
        sold("CSHH"),
    ),
    "IDN-014": case((played(177.9), played(60)), played(178.0), played(None)),
    "IDN-015": case(
        (made(sample_rate_hz=48000), made(channels=1), made(codec="MP3")),
        made(sample_rate_hz=44100, channels=2, codec="PCM"),
        made(codec="a codec of their own"),
        made(),
    ),
    "IDN-016": case(
        (
            message(recording(title="TEST")),
            message(recording(display_artist="Evaluation only")),
            releases("ICPN", "0000000000000"),
            coded("TEST00000001"),
        ),
        message(recording(title="Test Pressing", display_artist="The Test Dept")),
        releases("Proprietary", "00000000"),
        releases("ICPN", "1234567890123"),  # its check digit is wrong, which says enough: IDN-003
    ),
}
