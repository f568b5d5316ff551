"""The reader on bytes that nobody vouches for: a finding each, in time, and never an error."""

import gzip
import io
import time
import zipfile
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from schemas.ern import read_message
from schemas.ern.node import Node
from schemas.ern.source import MAX_BYTES, MAX_CHILDREN, MAX_TAGS, MAX_TEXT
from schemas.reading import Reading

DATA = Path(__file__).parents[1] / "data/ern"
OPEN = b'<e:NewReleaseMessage xmlns:e="http://ddex.net/xml/ern/432">'
CLOSE = b"</e:NewReleaseMessage>"
WHOLE = OPEN + CLOSE
CPU_SECONDS = 5.0  # a refusal takes 0.6 at most; the rest is for slower and busier machines


def archive():
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as file:
        file.writestr("message.xml", "x")
    return target.getvalue()


def inside(body):
    return OPEN + body + CLOSE


UNREADABLE = {
    "nothing": b"",
    "white space": b" \n\t ",
    "zip": archive(),
    "gzip": gzip.compress(WHOLE),
    "pdf": b"%PDF-1.7",
    "json": b'{"liner": "submission/1"}',
    "html": b"<!doctype html><html></html>",
    "doctype": b"<!DOCTYPE a>" + WHOLE,
    "doctype behind comments": b"<!-- a --><?p q?>\n<!DOCTYPE a>" + WHOLE,
    "billion laughs": b'<!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;">]><a>&c;</a>',
    "file entity": b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]>' + inside(b"&b;"),
    "doctype in utf-16": ("<!DOCTYPE a>" + WHOLE.decode()).encode("utf-16"),
    "doctype in utf-32": ("<!DOCTYPE a>" + WHOLE.decode()).encode("utf-32"),
    "doctype in utf-7": b'<?xml version="1.0" encoding="UTF-7"?>+ADwAIQ-DOCTYPE a+AD4-' + WHOLE,
    "undefined entity": inside(b"&b;"),
    "unknown encoding": b'<?xml version="1.0" encoding="klingon"?>' + WHOLE,
    "wrong encoding": b'<?xml version="1.0" encoding="UTF-8"?>' + inside("é".encode("latin-1")),
    "no xml": b"name,isrc\n",
    "cut short": WHOLE[:-10],
    "two roots": WHOLE + WHOLE,
    "zero byte": inside(b"\0"),
    "undeclared prefix": b"<e:NewReleaseMessage/>",
    "too deep": inside(b"<a>" * 300 + b"</a>" * 300),
    "too large": b" " * (MAX_BYTES + 1),
    "too many tags": inside(b"<a/>" * (MAX_TAGS + 1)),
    "too many children": inside(b"<a/>" * 1_000_000),
    "too many recordings": inside(b"<ResourceList>" + b"<SoundRecording/>" * (MAX_CHILDREN + 1) + b"</ResourceList>"),
    "too many names": inside(b"".join(b"<a%d/>" % n for n in range(100_000))),
    "too long a text": inside(b"<MessageHeader><MessageId>" + b"x" * (MAX_TEXT + 1) + b"</MessageId></MessageHeader>"),
    "far too long a text": inside(b"x" * 11_000_000),
    "too long an attribute": OPEN[:-1] + b' AvsVersionId="' + b"x" * (MAX_TEXT + 1) + b'"/>',
    "far too long an attribute": OPEN[:-1] + b' AvsVersionId="' + b"x" * 11_000_000 + b'"/>',
    "another message": b'<e:FooMessage xmlns:e="http://ddex.net/xml/ern/432"/>',
}

READABLE = {
    "bare": WHOLE,
    "byte order mark": b"\xef\xbb\xbf" + WHOLE,
    "utf-16": WHOLE.decode().encode("utf-16"),
    "latin-1": b'<?xml version="1.0" encoding="ISO-8859-1"?>' + inside("é".encode("latin-1")),
    "doctype in a comment": b"<!-- <!DOCTYPE a> -->" + WHOLE,
    "stylesheet": b'<?xml-stylesheet href="http://192.0.2.1/x.xsl"?>' + WHOLE,
    "inclusion": inside(b'<i:include xmlns:i="http://www.w3.org/2001/XInclude" href="/etc/hostname" parse="text"/>'),
    "many namespaces": OPEN[:-1] + b"".join(b' xmlns:a%d="u"' % n for n in range(50_000)) + b"/>",
    "many attributes": OPEN[:-1] + b"".join(b' a%d=""' % n for n in range(50_000)) + b"/>",
    "many comments": b"<!---->" * 100_000 + WHOLE,
    "nested groups": inside(
        b"<ReleaseList><Release>" + b"<ResourceGroup>" * 240 + b"</ResourceGroup>" * 240 + b"</Release></ReleaseList>"
    ),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_cannot_be_read_is_one_finding_in_time(name):
    started = time.process_time()
    reading = read_message(UNREADABLE[name], "message.xml")
    assert time.process_time() - started < CPU_SECONDS
    assert reading.message is None
    [finding] = reading.findings
    assert (finding.rule, finding.location.path) == ("PKG-010", "message.xml")
    assert "HUGE" not in finding.message


@pytest.mark.parametrize("name", READABLE)
def test_what_only_looks_odd_is_read(name):
    reading = read_message(READABLE[name], "message.xml")
    assert reading.findings == ()
    assert reading.message.ern_version == "4.3.2"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
def test_a_document_type_is_refused_before_anything_is_parsed(encoding):
    [finding] = read_message("<!DOCTYPE a [<!ENTITY b".encode(encoding), "message.xml").findings
    assert finding.message == "The message has a document type declaration."


def test_where_it_breaks_is_told():
    [finding] = read_message(b"<a>\n<b>\n</a>", "message.xml").findings
    assert (finding.location.line, finding.location.column) == (3, 5)


def test_a_lower_limit_can_be_set():
    [finding] = read_message(WHOLE, "message.xml", max_bytes=10).findings
    assert "at most 10" in finding.message


def test_an_unread_subtree_costs_no_view(monkeypatch):
    seen = []
    monkeypatch.setattr(Node, "__init__", _counting(Node.__init__, seen))
    read_message(inside(b"<CueSheetList>" + b"<a/>" * 1000 + b"</CueSheetList>"), "message.xml")
    assert len(seen) < 10


def _counting(init, seen):
    def counted(self, *arguments):
        seen.append(self)
        init(self, *arguments)

    return counted


@given(st.binary(max_size=200))
@example(b"<")
@example(b"\xff\xfe<\x00")
def test_any_bytes_give_a_reading(data):
    assert isinstance(read_message(data, "x"), Reading)


XML_WORDS = st.sampled_from(
    [b"<a>", b"</a>", b"<!--", b"-->", b"<![CDATA[", b"]]>", b"&amp;", b"&#0;", b"&x;", b"<?xml ", b"?>", b'"', b"\0"]
)


CUTS = st.tuples(st.integers(0, 7_000), st.integers(0, 40), st.one_of(XML_WORDS, st.binary(max_size=4)))


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(["ern432.xml", "ern382.xml"]), st.lists(CUTS, min_size=1, max_size=3))
def test_a_mutated_message_gives_a_reading(name, cuts):
    data = (DATA / name).read_bytes()
    for start, length, words in cuts:
        data = data[:start] + words + data[start + length :]
    reading = read_message(data, "x")
    assert reading.message is not None or reading.findings


def _words(text):
    return text.split()


NAMES = st.sampled_from(
    _words("""
    MessageHeader MessageSender PartyId PartyName FullName PartyList Party PartyReference ResourceList SoundRecording
    SoundRecordingEdition SoundRecordingDetailsByTerritory TerritoryCode Title TitleText DisplayTitle DisplayArtist
    ArtistPartyReference SpecialDisplayArtist Contributor SpecialContributor Role Value AiContribution ContainsAI
    ContainsAi Duration TechnicalDetails DeliveryFile File URI HashSum Image ReleaseList Release TrackRelease ReleaseId
    ResourceGroup ReleaseResourceReference DealList ReleaseDeal Deal DealTerms ValidityPeriod StartDate TakeDown
    """)
)
TEXTS = st.sampled_from(
    ["", "A1", "Worldwide", "UserDefined", "GenerativeAI", "All", "true", "PT-1S", "P1Y", "9" * 5000]
)


def _tree(children):
    return st.builds(
        lambda name, text, inner: f'<{name} UserDefinedValue="" IsDefault="true">{text}{"".join(inner)}</{name}>',
        NAMES,
        TEXTS,
        st.lists(children, max_size=4),
    )


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(["NewReleaseMessage", "PurgeReleaseMessage", "CatalogListMessage", "ManifestMessage"]),
    st.sampled_from(["382", "411", "43", "432"]),
    st.lists(st.recursive(st.builds("<{0}/>".format, NAMES), _tree, max_leaves=30), max_size=4),
)
def test_elements_in_any_order_give_a_message(root, version, body):
    text = f'<e:{root} xmlns:e="http://ddex.net/xml/ern/{version}">{"".join(body)}</e:{root}>'
    assert read_message(text.encode(), "x").message is not None
