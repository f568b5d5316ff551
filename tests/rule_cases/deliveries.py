"""Cases of the PKG and XSD groups."""

from datetime import UTC, datetime

from rule_cases.making import SHA256, Level, batch, case, evidence, facts, file, human, message, recording

from schemas.findings import Location
from schemas.package import Layout, Package, PackageFile
from schemas.release import Identified, Message, MessageInBatch, MessageKind, Party, Release

NEWER = datetime(2026, 11, 23, tzinfo=UTC)


def manifest(*urls, count=None):
    lines = tuple(MessageInBatch(url=url) for url in urls)
    return Message(kind=MessageKind.MANIFEST, path="BatchComplete_1.xml", batch=lines, batch_count=count)


def about(*files, path="r/m.xml", **more):
    return message(recording(files=files), path=path, **more)


def folder(*names, uri="resources/a.wav", **more):
    return batch("r/m.xml", *names, messages=(about(file(uri)),), **more)


def _sender(line):
    dpid = Identified(scheme="DPID", value="PADPIDA2014120301Z", at=Location(path="m.xml", line=line))
    return Party(ids=(dpid,))


def refused(why):
    return Package(root="P", layout=Layout.RELEASE, files=(PackageFile(path="a", size=1, modified_ns=0, refused=why),))


MARKER = "BatchComplete_1.xml"
R0, R1 = (Release(reference="R0", grid=grid) for grid in ("A1", "A2"))

CASES = {
    "PKG-001": case(
        (batch("r/m.xml", marker=None), batch(("r/m.xml", 9), (MARKER, 1))),
        batch(("r/m.xml", 9), (MARKER, 9)),
        batch(("r/m.xml", 10), (MARKER, 9)),  # within what file systems round
        batch("r/m.xml", marker=None, layout=Layout.RELEASE),
    ),
    "PKG-002": case(
        (batch(MARKER, size=0), batch("BatchComplete_1.complete", marker="BatchComplete_1.complete")),
        batch(MARKER),
        batch("r/m.xml", marker=None),
    ),
    "PKG-003": case(
        (
            batch("r/m.xml", manifest=manifest("s/m.xml")),
            batch("r/m.xml", manifest=manifest("r/m.xml", count=2)),
            batch("r/m.xml", "s/m.xml", messages=(message(path="s/m.xml"),), manifest=manifest("r/m.xml")),
        ),
        batch("r/m.xml", manifest=manifest("./r/m.xml", count=1), messages=(message(path="r/m.xml"),)),
        batch("r/m.xml", manifest=manifest("P_1/r/m.xml")),
        batch("r/m.xml", manifest=manifest("s/m.xml"), layout=Layout.MESSAGE),
    ),
    "PKG-004": case(
        (folder(), folder("resources/a.wav"), folder("r/resources/b.wav")),
        folder("r/resources/a.wav"),
        folder("r/resources/a.wav", uri="a.wav"),
        folder("r/resources/a b.wav", uri="resources/a%20b.wav"),
        folder(uri="../../etc/passwd"),  # PKG-009
        batch("m.xml", messages=(about(file(), path="m.xml"),), layout=Layout.MESSAGE),
    ),
    "PKG-005": case(
        (
            evidence(recording(files=(file("a.wav", "MD5", "aa"),)), audio=facts(hash_sums={"MD5": "bb"})),
            evidence(recording(files=(file("a.wav", "SHA-256", "ff"),))),
        ),
        evidence(recording(files=(file("a.wav", "MD5", "AA"),)), audio=facts(hash_sums={"md5": "aa"})),
        evidence(recording(files=(file("a.wav", "sha256", SHA256),))),
        evidence(recording(files=(file("a.wav", "SHA3", "ff"),))),  # not computed is not wrong
        evidence(recording(files=(file("b.wav", "SHA-256", "ff"), file("a.wav")))),  # another encoding
    ),
    "PKG-006": case(about(file("a.wav"), file("b.wav", "MD5", "a")), about(file("a.wav", "MD5", "a")), message()),
    "PKG-007": case(
        (about(file("a.wav", "MD5", "a")), about(file("a.wav", "SHA-1", "a"))),
        about(file("a.wav", "SHA-256", "a")),
        about(file("a.wav")),
    ),
    "PKG-008": case(
        (folder("r/resources/a.wav", "r/resources/b.wav"), folder("r/resources/a.wav", "r/c.jpg")),
        folder("r/resources/a.wav"),
        folder("r/resources/a.wav", "r/booklet.pdf"),  # resources that are not read here
    ),
    "PKG-009": case(
        (
            refused("symbolic link"),
            folder(uri="../../other/a.wav"),
            folder(uri="/etc/passwd"),
            folder(uri="%2e%2e/%2e%2e/a.wav"),
            folder(uri="file:///etc/passwd"),
            folder(uri="C:\\a.wav"),
            folder(uri="songs.zip"),
        ),
        folder(uri="resources/../a.wav"),
        folder(uri="resources/..a.wav"),
        folder(uri="no..body.wav"),
    ),
    "PKG-011": case(message(control_type="TestMessage"), message(control_type="LiveMessage"), message()),
    "PKG-012": case(
        (
            batch("a", messages=(message(path="a", sha256="1"), message(path="b", sha256="2"))),
            batch("a", messages=(message(path="a", sender=_sender(3)), message(path="b", sender=_sender(4)))),
        ),
        batch("a", messages=(message(path="a"), message(path="b", message_id="MSG2"))),
        batch("a", messages=(message(path="a"), message(path="b", sender=Party(name="Other")))),
    ),
    "PKG-013": case(
        batch("a", messages=(message(R0, path="a", created_at=NEWER), message(R0, path="b"))),
        batch("a", messages=(message(R0, path="a", created_at=NEWER), message(R1, path="b"))),
        batch("a", messages=(message(R0, path="a"), message(R0, path="b"))),
    ),
    "XSD-002": case(
        (message(releases=()), message(created_at=None), message(recipients=())),
        message(),
        message(message_id=""),  # the schemas allow an empty one
        message(releases=(), kind=MessageKind.PURGE_RELEASE),
    ),
    "XSD-003": case(
        tuple(message(avs_version=version) for version in ("10", "4.3.1", "9" * 5000, "\u0669")),
        message(avs_version="9"),
        message(avs_version="03"),
        message(),
    ),
    "XSD-004": case(
        (message(version="4.3"), message(version="3.8.2")),
        message(version="4.3.1"),
        message(version=None, kind=MessageKind.JSON),
        message(version="4.3", kind=MessageKind.PURGE_RELEASE),
    ),
    "XSD-005": case((message(version="4.2"), message(version="3.7D2")), message(version="4.3"), message()),
    "XSD-006": case(
        (
            message(recording(Level.UNDECLARED, text="Yes")),
            message(recording(Level.UNDECLARED, text="partly")),
            message(recording(Level.NONE, text=" None ")),  # as far as the schema goes, no allowed value
            message(recording(text="All"), version="4.3"),
            message(recording(Level.NONE, human(ai_text="Some"))),
        ),
        message(recording(Level.PARTLY, human(ai_text="Partly"))),
        message(recording(Level.UNDECLARED)),
    ),
}
