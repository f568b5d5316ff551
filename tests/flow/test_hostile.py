"""Hostile files through the whole check: one finding each, soon, and no memory worth speaking of."""

import gzip
import io
import os
import time
import tracemalloc
import zipfile

import pytest

from classifiers.hearing import listen
from classifiers.listening import Limits
from pipeline.check import check_paths
from schemas.errors import AudioUnreadable

OPEN = b'<e:NewReleaseMessage xmlns:e="http://ddex.net/xml/ern/432">'
CLOSE = b"</e:NewReleaseMessage>"
LAUGHS = b"".join(b'<!ENTITY %c "%s">' % (98 + i, b"&%c;" % (97 + i) * 10) for i in range(9))
MIXED = OPEN + "<MessageHeader><MessageId>é</MessageId>".encode() + "é</MessageHeader>".encode("latin-1") + CLOSE
SOON_S = 3.0  # of processor time, Python's own tracing of memory included, on a busy machine
LITTLE = 96 * 2**20


def archive():
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("m.xml", bytes(100 * 2**20))
    return sink.getvalue()


BYTES = {
    "an entity bomb": b'<!DOCTYPE a [<!ENTITY a "ha">' + LAUGHS + b"]>" + OPEN + b"&j;" + CLOSE,
    "an external entity": b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]>' + OPEN + b"&b;" + CLOSE,
    "an external document type": b'<!DOCTYPE a SYSTEM "http://192.0.2.1/a.dtd">' + OPEN + CLOSE,
    "a parameter entity": b'<!DOCTYPE a [<!ENTITY % b SYSTEM "http://192.0.2.1/b">%b;]>' + OPEN + CLOSE,
    "deep nesting": OPEN + b"<a>" * 500_000 + b"</a>" * 500_000 + CLOSE,
    "a huge attribute": OPEN[:-1] + b' a="' + b"x" * 12_000_000 + b'">' + CLOSE,
    "a million attributes": OPEN[:-1] + b"".join(b' a%d=""' % n for n in range(300_000)) + b">" + CLOSE,
    "a huge text": OPEN + b"x" * 12_000_000 + CLOSE,
    "a wrong encoding": b'<?xml version="1.0" encoding="UTF-16"?>' + OPEN + CLOSE,
    "mixed encodings": MIXED,
    "an encoding that nobody knows": b'<?xml version="1.0" encoding="x-secret"?>' + OPEN + CLOSE,
    "half of UTF-16": (OPEN + CLOSE).decode().encode("utf-16")[:-9],
    "a truncated message": (OPEN + b"<MessageHeader>" + CLOSE)[:-30],
    "two roots": (OPEN + CLOSE) * 2,
    "HTML": b"<!doctype html><html><body>Not found</body></html>",
    "HTML without a word of it": b"<html><body>Not found</body></html>",
    "a ZIP archive": archive(),
    "a gzip archive": gzip.compress(OPEN + CLOSE),
    "nothing": b"",
    "white space": b" \n" * 1000,
    "zeros": bytes(1_000_000),
}


def measured(path):
    tracemalloc.start()
    began = time.process_time()
    report = check_paths([path], listen=False)
    took, (_, most) = time.process_time() - began, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return report, took, most


@pytest.mark.parametrize("name", BYTES)
def test_a_hostile_message_is_a_finding_soon(tmp_path, name):
    path = tmp_path / "m.xml"
    path.write_bytes(BYTES[name])

    report, took, most = measured(path)

    assert next(f.rule for f in report.findings if f.severity == "error") in ("PKG-010", "XSD-001", "XSD-002")
    assert len(report.messages) == 1
    assert took < SOON_S
    assert most < LITTLE


@pytest.mark.parametrize("mark", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_byte_order_mark_is_no_fault(tmp_path, mark):
    head = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}.get(mark, b"")
    (tmp_path / "m.xml").write_bytes(head + (OPEN + CLOSE).decode().encode(mark))

    (message,) = check_paths([tmp_path / "m.xml"], listen=False).messages
    assert (message.ern_version, message.error) == ("4.3.2", None)


@pytest.mark.parametrize("name", ["m.xml", "m.json", "m.csv", "m.xlsx", "cover.jpg"])
def test_two_gigabytes_of_nothing_are_a_finding_soon(tmp_path, name):
    path = tmp_path / name
    path.touch()
    os.truncate(path, 2 * 2**30)
    if name == "cover.jpg":
        (tmp_path / "m.xml").write_bytes(OPEN + CLOSE)
        path = tmp_path

    report, took, most = measured(path)

    assert report.findings
    assert report.messages
    assert took < SOON_S
    assert most < LITTLE


@pytest.mark.parametrize("name", ["a.wav", "a.mp3", "a.flac", "a.m4a"])
def test_a_hole_under_a_sounds_name_is_refused_before_anybody_looks_for_its_beginning(tmp_path, name):
    path = tmp_path / name
    path.touch()
    os.truncate(path, 2 * 2**30)
    began = time.process_time()

    with pytest.raises(AudioUnreadable, match="begins with nothing but zeros"):
        listen(str(path), limits=Limits(), progress=lambda _: None)

    assert time.process_time() - began < 1
