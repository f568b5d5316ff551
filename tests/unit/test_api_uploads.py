"""Deliveries put together file by file: uploads that resume, checks at once, and sending."""

import base64
import errno
import os
import threading
from pathlib import Path
from unittest.mock import Mock

import pytest
from deliveries import message
from fixtures_api import Api

from api.settings import Settings
from pipeline.landing import discover
from schemas.package import Layout

TUS = {"Tus-Resumable": "1.0.0"}
PIECE = {**TUS, "Content-Type": "application/offset+octet-stream"}
SUBMISSION = """{"liner": "submission/1", "id": "s-1", "sender": {"name": "Nova"},
 "release": {"title": "Tides", "artist": "Ada", "contains_ai": "none"},
 "recordings": [{"title": "Tide", "artist": "Ada", "file": "tide.wav",
   "disclosure": {"contains_ai": "none", "contributions": [{"role": "Composer", "agent": "generative_ai"}]}}]}
"""


def metadata(**told):
    return ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in told.items())


def announce(who, name, length, **target):
    headers = {**TUS, "Upload-Length": str(length), "Upload-Metadata": metadata(filename=name, **target)}
    return who.post("/v1/uploads", headers=headers)


def go_on(who, url, offset, data):
    return who.patch(url, headers={**PIECE, "Upload-Offset": str(offset)}, content=data)


def put(who, draft, name, data):
    made = announce(who, name, len(data), draft=draft)
    assert made.status_code == 201, made.text
    if data:
        assert go_on(who, made.headers["location"], 0, data).status_code == 204
    return made.headers["location"]


def begin(who):
    made = who.post("/v1/drafts")
    assert made.status_code == 201, made.text
    return made.json()["id"]


def names(who, draft):
    return [file["name"] for file in who.get(f"/v1/drafts/{draft}").json()["files"]]


def folder(api, draft):
    return api.settings.landing / "accounts" / "nova" / f".draft-{draft}"


def test_a_file_goes_on_where_it_stopped(api):
    draft, data = begin(api.label), os.urandom(100_000)
    url = announce(api.label, "tide.wav", len(data), draft=draft).headers["location"]

    assert go_on(api.label, url, 0, data[:30_000]).headers["upload-offset"] == "30000"
    head = api.label.head(url, headers=TUS)
    assert (head.headers["upload-offset"], head.headers["upload-length"]) == ("30000", "100000")
    assert head.headers["cache-control"] == "no-store"
    assert api.label.get(f"/v1/drafts/{draft}").json()["files"][0]["received"] == 30_000
    assert go_on(api.label, url, 30_000, data[30_000:]).status_code == 204

    assert (folder(api, draft) / "resources" / "tide.wav").read_bytes() == data


@pytest.mark.parametrize("offset", [0, 29_999, 30_001])
def test_another_offset_is_refused_and_names_the_right_one(api, offset):
    draft = begin(api.label)
    url = announce(api.label, "tide.wav", 100_000, draft=draft).headers["location"]
    go_on(api.label, url, 0, b"x" * 30_000)

    refused = go_on(api.label, url, offset, b"y")

    assert (refused.status_code, refused.json()["code"], refused.json()["offset"]) == (409, "offset-conflict", 30_000)


def test_what_a_killed_process_wrote_stays(api):
    """Also where it died after the last byte, and after the move but before its note."""
    draft, data = begin(api.label), b"z" * 5000
    urls = [announce(api.label, f"{n}.wav", 5000, draft=draft).headers["location"] for n in range(3)]
    parts = [folder(api, draft) / ".parts" / url.rpartition("/")[2] for url in urls]
    parts[0].write_bytes(data[:1234])
    parts[1].write_bytes(data)
    parts[2].write_bytes(data)
    (folder(api, draft) / "resources").mkdir()
    parts[2].rename(folder(api, draft) / "resources" / "2.wav")

    offsets = [api.label.head(url, headers=TUS).headers["upload-offset"] for url in urls]

    assert offsets == ["1234", "5000", "5000"]
    files = api.label.get(f"/v1/drafts/{draft}").json()["files"]
    assert [(f["name"], f["upload"] is None) for f in files] == [
        ("resources/0.wav", False),
        ("resources/1.wav", True),
        ("resources/2.wav", True),
    ]
    assert go_on(api.label, urls[0], 1234, data[1234:]).status_code == 204


def test_of_two_writers_at_once_one_waits(api):
    draft = begin(api.label)
    url = announce(api.label, "tide.wav", 10, draft=draft).headers["location"]
    from api.services import resumable
    from api.services.access import Actor, Role

    row = resumable.find(api.db, Actor("nova", Role.LABEL, "nova"), url.rpartition("/")[2])
    with resumable.writing(api.settings, row, 0):
        refused = go_on(api.label, url, 0, b"0123456789")

    assert (refused.status_code, refused.json()["detail"]) == (409, "The file is being written.")


def test_more_than_announced_is_refused(api):
    draft = begin(api.label)
    url = announce(api.label, "tide.wav", 10, draft=draft).headers["location"]

    assert go_on(api.label, url, 0, b"0" * 11).status_code == 413
    assert api.label.head(url, headers=TUS).status_code == 200


def test_a_disk_that_is_nearly_full_loses_nothing(api):
    """The system takes a part of what it is given, and says so by a number alone."""
    from api.services.resumable import Incoming
    from api.tables import UploadRow
    from schemas.errors import LandingUnusable

    class Nearly:
        room, here = 7, b""

        def write(self, data):
            if not self.room:
                raise OSError(errno.ENOSPC, "No space left on device")
            taken = bytes(data[: min(4, self.room)])
            self.room, self.here = self.room - len(taken), self.here + taken
            return len(taken)

    disk = Nearly()
    incoming = Incoming(UploadRow(id="upl_1", length=20), disk, 0)
    incoming.feed(b"abcdef")
    with pytest.raises(LandingUnusable, match="No space left"):
        incoming.feed(b"ghijkl")

    assert (disk.here, incoming.offset) == (b"abcdefg", 7)


def test_another_protocol_is_refused(api):
    draft = begin(api.label)
    url = announce(api.label, "tide.wav", 10, draft=draft).headers["location"]

    assert api.label.head(url).status_code == 412
    assert api.label.patch(url, headers={**TUS, "Upload-Offset": "0"}, content=b"0").status_code == 412
    told = api.anonymous.options("/v1/uploads")
    assert (told.status_code, told.headers["tus-version"]) == (204, "1.0.0")


def test_limits_hold(sqlite_template, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    (home / "review.db").write_bytes(sqlite_template.read_bytes())
    limits = {"max_file_bytes": 1000, "max_message_bytes": 100, "max_delivery_bytes": 1500, "max_delivery_files": 3}
    api = Api(Settings(home=home, **limits))
    draft = begin(api.label)

    assert announce(api.label, "a.wav", 1001, draft=draft).status_code == 413
    assert announce(api.label, "m.xml", 101, draft=draft).status_code == 413
    assert announce(api.label, "a.wav", 1000, draft=draft).status_code == 201
    assert announce(api.label, "b.wav", 501, draft=draft).status_code == 413  # together
    assert announce(api.label, "b.wav", 100, draft=draft).status_code == 201
    assert announce(api.label, "b.wav", 200, draft=draft).status_code == 201  # begun again
    assert announce(api.label, "c.wav", 1, draft=draft).status_code == 201
    assert announce(api.label, "d.wav", 1, draft=draft).status_code == 413  # a fourth file
    api.db.close()


@pytest.mark.parametrize(
    "name",
    [
        "../x.wav",
        "a/../../x.wav",
        "/etc/x.wav/..",
        ".hidden.wav",
        "a/b/c/d/e.wav",
        "x.zip",
        "con.wav",
        "",
        "a\nb",
        "/etc/passwd",
    ],
)
def test_names_that_are_none_are_refused(api, name):
    refused = announce(api.label, name, 1, draft=begin(api.label))

    assert (refused.status_code, refused.json()["code"]) == (422, "unsafe-path")


def test_a_draft_is_its_labels_own(api):
    draft = begin(api.label)
    url = announce(api.label, "tide.wav", 10, draft=draft).headers["location"]

    for method, path in (("GET", ""), ("DELETE", ""), ("GET", "/findings"), ("POST", "/send")):
        assert api.other_label.request(method, f"/v1/drafts/{draft}{path}").status_code == 404
    assert announce(api.other_label, "x.wav", 1, draft=draft).status_code == 404
    assert go_on(api.other_label, url, 0, b"0").status_code == 404
    assert api.other_label.get("/v1/drafts").json() == {"drafts": []}
    assert api.moderator.post("/v1/drafts").status_code == 403


def test_findings_come_before_anybody_has_listened(api):
    draft = begin(api.label)
    put(api.label, draft, "release.json", SUBMISSION.encode())

    told = api.label.get(f"/v1/drafts/{draft}/findings").json()

    found = {one["rule"]: one for one in told["findings"]}
    assert {"AID-002", "PKG-004"} <= set(found)
    assert found["AID-002"]["mend"]
    (item,) = told["recordings"]
    assert (item["title"], item["is_here"], told["is_ready"]) == ("Tide", False, True)
    put(api.label, draft, "tide.wav", b"RIFF")
    told = api.label.get(f"/v1/drafts/{draft}/findings").json()
    assert "PKG-004" not in {one["rule"] for one in told["findings"]}
    assert told["recordings"][0]["is_here"]


def test_a_message_is_corrected_in_place(api):
    draft = begin(api.label)
    put(api.label, draft, "release.json", SUBMISSION.encode())

    fixed = SUBMISSION.replace('"contains_ai": "none", "contributions"', '"contains_ai": "partly", "contributions"')
    assert api.label.put(f"/v1/drafts/{draft}/files/release.json", json={"text": fixed}).status_code == 200

    rules = {one["rule"] for one in api.label.get(f"/v1/drafts/{draft}/findings").json()["findings"]}
    assert "AID-002" not in rules
    assert api.label.put(f"/v1/drafts/{draft}/files/x.wav", json={"text": "x"}).status_code == 422


@pytest.mark.parametrize("text", ["", "{", "<a", "\0", "sender,title\n", "[" * 5000])
@pytest.mark.parametrize("name", ["m.json", "m.xml", "m.csv"])
def test_broken_messages_get_a_finding(api, name, text):
    draft = begin(api.label)
    api.label.put(f"/v1/drafts/{draft}/files/{name}", json={"text": text})

    told = api.label.get(f"/v1/drafts/{draft}/findings")

    assert told.status_code == 200, told.text
    assert told.json()["findings"]


def test_a_sent_draft_is_a_delivery_that_the_pipeline_finds(api):
    draft = begin(api.label)
    put(api.label, draft, "release.json", SUBMISSION.encode())
    put(api.label, draft, "tide.wav", b"RIFF")

    sent = api.label.post(f"/v1/drafts/{draft}/send").json()

    assert (sent["id"], sent["message"]) == (draft, "release.json")
    assert api.label.get(f"/v1/deliveries/{draft}").json()["files"][1]["name"] == "resources/tide.wav"
    (ref,) = discover(api.settings.landing, is_zone=True)
    assert (ref.layout, ref.account, ref.marker) == (Layout.SUBMISSION, "nova", f"BatchComplete_{draft}.xml")
    assert (api.settings.landing / sent["folder"] / ref.marker).stat().st_size > 0
    assert api.label.get(f"/v1/drafts/{draft}").status_code == 404
    assert not (api.settings.landing / sent["folder"] / ".parts").exists()


def test_a_batch_keeps_its_folders_and_its_marker(api):
    draft = begin(api.label)
    for number in (1, 2):
        text = message("resources/a.wav", message_id=f"M{number}", first=number)
        put(api.label, draft, f"REL{number}/REL{number}.xml", text.encode())
        put(api.label, draft, f"REL{number}/resources/a.wav", b"RIFF")
    put(api.label, draft, "BatchComplete_N1.xml", b"<x/>")

    told = api.label.get(f"/v1/drafts/{draft}/findings").json()
    assert [one["is_here"] for one in told["recordings"]] == [True, True]
    sent = api.label.post(f"/v1/drafts/{draft}/send").json()

    (ref,) = discover(api.settings.landing, is_zone=True)
    assert (ref.layout, ref.marker, len(ref.messages)) == (Layout.BATCH, "BatchComplete_N1.xml", 2)
    assert (api.settings.landing / sent["folder"] / "BatchComplete_N1.xml").read_bytes() == b"<x/>"


def test_half_a_draft_is_not_sent(api):
    draft = begin(api.label)
    assert api.label.post(f"/v1/drafts/{draft}/send").json()["detail"] == "The delivery has no message."
    put(api.label, draft, "release.json", SUBMISSION.encode())
    announce(api.label, "tide.wav", 10, draft=draft)

    assert "still on its way" in api.label.post(f"/v1/drafts/{draft}/send").json()["detail"]
    assert api.label.get(f"/v1/drafts/{draft}").status_code == 200


def test_a_draft_that_cannot_be_recorded_is_a_draft_again(api, monkeypatch):
    from api.services import deliveries

    draft = begin(api.label)
    put(api.label, draft, "release.json", SUBMISSION.encode())
    put(api.label, draft, "BatchComplete_N1.xml", b"<x/>")
    monkeypatch.setattr(deliveries, "_record", lambda *_: 1 / 0)

    assert api.label.post(f"/v1/drafts/{draft}/send").status_code == 500

    assert names(api.label, draft) == ["BatchComplete_N1.xml", "release.json"]
    assert list(discover(api.settings.landing, is_zone=True)) == []


def test_a_draft_that_finds_no_room_stays_a_draft_with_its_marker(api, monkeypatch):
    draft = begin(api.label)
    put(api.label, draft, "m.xml", b"<x/>")
    put(api.label, draft, "BatchComplete_1.xml", b"<x/>")
    before = names(api.label, draft)
    full = OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(Path, "write_text", Mock(side_effect=full))
        written = api.label.put(f"/v1/drafts/{draft}/files/m.xml", json={"text": "<y/>"})
    with monkeypatch.context() as meanwhile:
        rename = Path.rename
        meanwhile.setattr(Path, "rename", lambda s, t: (_ for _ in ()).throw(full) if s.is_dir() else rename(s, t))
        sent = api.label.post(f"/v1/drafts/{draft}/send")

    assert (written.status_code, sent.status_code) == (507, 507)
    assert names(api.label, draft) == before
    assert api.label.post(f"/v1/drafts/{draft}/send").status_code == 202


def test_a_delivery_is_corrected_without_sending_its_sound_again(api):
    draft = begin(api.label)
    put(api.label, draft, "release.json", SUBMISSION.encode())
    put(api.label, draft, "tide.wav", b"RIFF")
    api.label.post(f"/v1/drafts/{draft}/send")

    again = api.label.post(f"/v1/deliveries/{draft}/correct").json()

    assert (again["corrects"], [f["name"] for f in again["files"]]) == (draft, ["release.json", "resources/tide.wav"])
    api.label.put(f"/v1/drafts/{again['id']}/files/release.json", json={"text": SUBMISSION.replace("s-1", "s-2")})
    first = api.settings.landing / "accounts" / "nova" / draft / "release.json"
    assert '"s-1"' in first.read_text()  # what was sent stays what was sent
    assert api.label.post(f"/v1/drafts/{again['id']}/send").status_code == 202
    assert api.other_label.post(f"/v1/deliveries/{draft}/correct").status_code == 404


def test_files_are_taken_out_and_drafts_thrown_away(api):
    draft = begin(api.label)
    put(api.label, draft, "tide.wav", b"RIFF")
    assert api.label.delete(f"/v1/drafts/{draft}/files/resources/tide.wav").json()["files"] == []
    assert api.label.delete(f"/v1/drafts/{draft}/files/../../x").status_code in {404, 405}
    url = announce(api.label, "b.wav", 10, draft=draft).headers["location"]
    assert api.label.delete(url, headers=TUS).status_code == 204
    assert api.label.head(url, headers=TUS).status_code == 404

    assert api.label.delete(f"/v1/drafts/{draft}").status_code == 204

    assert not folder(api, draft).exists()


def test_old_drafts_are_swept(api, monkeypatch):
    from datetime import timedelta

    from api.services import clock, drafting

    draft = begin(api.label)
    put(api.label, draft, "tide.wav", b"RIFF")
    assert drafting.sweep(api.db, api.settings) == 0
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(days=api.settings.draft_days + 1))

    assert drafting.sweep(api.db, api.settings) == 1
    assert not folder(api, draft).exists()


def test_many_files_at_once_lose_nothing(api):
    draft = begin(api.label)
    threads = [
        threading.Thread(target=put, args=(api.label, draft, f"{n:02}.wav", bytes([n]) * 2000)) for n in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert names(api.label, draft) == [f"resources/{n:02}.wav" for n in range(12)]
    assert all((folder(api, draft) / f"resources/{n:02}.wav").read_bytes() == bytes([n]) * 2000 for n in range(12))
