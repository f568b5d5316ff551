import errno
import json
from pathlib import Path

import httpx
import pytest
from fixtures_api import make_screening
from hypothesis import given, settings
from hypothesis import strategies as st

from api.main import create_app
from api.services import uploads
from api.services.filenames import RESOURCES, folded, message_name, safe_name
from api.services.uploads import Upload
from api.settings import Settings
from schemas.errors import InvalidInput, TooLarge, UnsafePath

MESSAGE = ("message", ("release.xml", b"<ern/>"))
SOUND = ("audio", ("song.wav", b"RIFF" * 5000))


def files_below(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_delivery_lands_whole_with_its_marker(api):
    answer = api.label.post("/v1/deliveries", files=[MESSAGE, SOUND, ("audio", ("resources/b.flac", b""))])

    accepted = answer.json()
    name = accepted["id"]
    folder = api.settings.landing / "accounts" / "nova" / name
    assert (202, f"/v1/deliveries/{name}") == (answer.status_code, answer.headers["location"])
    assert [f"BatchComplete_{name}.xml", "release.xml", "resources/b.flac", "resources/song.wav"] == files_below(folder)
    assert SOUND[1][1] == (folder / "resources/song.wav").read_bytes()
    assert 20_006 == accepted["size"] == sum(file["size"] for file in accepted["files"])
    assert accepted == api.label.get(answer.headers["location"]).json()


def test_a_json_submission_lands_too(api):
    body = json.dumps({"recordings": []}).encode()

    assert api.label.post("/v1/deliveries", files=[("message", ("release.json", body))]).status_code == 202


def test_the_pipeline_finds_the_delivery_and_whose_it_is(api):
    from pipeline.landing import discover

    name = api.label.post("/v1/deliveries", files=[MESSAGE, SOUND]).json()["id"]

    (ref,) = discover(api.settings.landing)
    assert ("nova", f"accounts/nova/{name}") == (ref.account, ref.path)
    assert f"BatchComplete_{name}.xml" == ref.marker


def test_a_delivery_shows_its_screenings(api):
    delivery = api.label.post("/v1/deliveries", files=[MESSAGE, SOUND]).json()
    assert delivery["status"] == "received"

    (result,) = api.record(make_screening(1, "AID-002", account="nova", delivery_path=delivery["folder"]))

    shown = api.label.get(f"/v1/deliveries/{delivery['id']}").json()
    assert (shown["status"], [one["codes"] for one in shown["screenings"]]) == ("screened", [["AID-002"]])
    assert result["case_id"] == shown["screenings"][0]["case_id"]


def test_deliveries_come_in_pages_newest_first(api):
    made = [api.label.post("/v1/deliveries", files=[MESSAGE]).json()["id"] for _ in range(5)]

    seen, cursor = [], None
    while True:
        page = api.label.get("/v1/deliveries", params={"limit": 2} | ({"cursor": cursor} if cursor else {})).json()
        seen += [one["id"] for one in page["deliveries"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break

    assert made[::-1] == seen


HOSTILE = [
    "../x.wav",
    "/etc/cron.d/x",
    "a/b.wav",
    "a\\b.wav",
    ".hidden",
    "con",
    "NUL.wav",
    "x\u202ev.wav",
    "x.",
    " x.wav",
]
FORM = "multipart/form-data; boundary=b"
BEGUN = b'--b\r\ncontent-disposition: form-data; name="message"; filename="m.xml"\r\n\r\n<a'


@pytest.mark.parametrize("name", [*HOSTILE, "resources/../x.wav", "x" * 201, "resources/"])
def test_a_hostile_name_is_refused_and_nothing_stays(api, name):
    answer = api.label.post("/v1/deliveries", files=[MESSAGE, SOUND, ("audio", (name, b"x"))])

    assert (answer.status_code, answer.json()["code"]) == (422, "unsafe-path")
    assert files_below(api.settings.landing) == []
    assert api.label.get("/v1/deliveries").json()["deliveries"] == []


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ([SOUND], "no message"),
        ([MESSAGE, MESSAGE], "two messages"),
        ([("message", ("m.exe", b"x"))], "m.exe"),
        ([("message", ("BatchComplete_1.xml", b"x"))], "BatchComplete_1.xml"),
        ([("message", ("m.xml", b""))], "empty"),
        ([MESSAGE, SOUND, ("audio", ("SONG.WAV", b"x"))], "comes twice"),
        ([MESSAGE, ("cover", ("c.jpg", b"x"))], "no part named"),
    ],
)
def test_a_delivery_that_is_none_is_refused_in_a_sentence(api, files, said):
    answer = api.label.post("/v1/deliveries", files=files)

    assert answer.status_code == 422
    assert said in answer.json()["detail"]
    assert files_below(api.settings.landing) == []


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"{}", "application/json"),
        (b"x", "multipart/form-data"),
        (b"x", FORM),
        (BEGUN, FORM),
        (b"", FORM),
    ],
)
def test_a_body_that_is_no_form_or_is_cut_is_refused(api, content, kind):
    answer = api.label.post("/v1/deliveries", content=content, headers={"content-type": kind})

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-input")
    assert files_below(api.settings.landing) == []


@pytest.mark.parametrize(
    "limit",
    [{"max_file_bytes": 19_999}, {"max_message_bytes": 5}, {"max_delivery_bytes": 20_000}, {"max_delivery_files": 1}],
)
def test_what_is_too_large_is_refused_and_nothing_stays(api, limit):
    api.app = create_app(api.settings.model_copy(update=limit))
    client = api.client(authorization=api.label.headers["authorization"])

    answer = client.post("/v1/deliveries", files=[MESSAGE, SOUND])

    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")
    assert files_below(api.settings.landing) == []
    api.app.state.database.close()


def test_a_full_disk_is_a_problem_with_a_mend(api, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("api.services.uploads.os.fsync", full)

    answer = api.label.post("/v1/deliveries", files=[MESSAGE])

    assert (answer.status_code, answer.json()["code"]) == (507, "landing-unusable")
    assert files_below(api.settings.landing) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_what_cannot_be_written_at_the_end_either_stays_a_problem_with_a_mend(api, monkeypatch):
    """Closing a file writes what is left of it, and fails again where there is no room."""

    def full(self, name):
        self.message = name
        return uploads._Part("message", name, Path("/dev/full").open("wb"), 10_000)

    monkeypatch.setattr(uploads.Upload, "_open_message", full)

    answer = api.label.post("/v1/deliveries", files=[MESSAGE])

    assert (answer.status_code, answer.json()["code"]) == (507, "landing-unusable")
    assert list(api.settings.landing.glob("accounts/*/*")) == []


def test_a_marker_that_finds_no_room_is_told_before_anything_is_recorded(api, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(Path, "write_text", full)
        answer = api.label.post("/v1/deliveries", files=[MESSAGE])

    assert (answer.status_code, answer.json()["code"]) == (507, "landing-unusable")
    assert list(api.settings.landing.glob("accounts/*/*")) == []
    assert api.label.get("/v1/deliveries").json()["deliveries"] == []


def test_a_delivery_that_cannot_be_recorded_leaves_no_folder(api, monkeypatch):
    def broken(*_, **__):
        raise RuntimeError

    monkeypatch.setattr("api.services.deliveries.events.record", broken)

    assert api.label.post("/v1/deliveries", files=[MESSAGE]).status_code == 500
    assert files_below(api.settings.landing) == []


def body_of(files):
    request = httpx.Request("POST", "http://x", files=files)
    return request.read(), request.headers["content-type"]


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=400), st.lists(st.integers(1, 97), min_size=1, max_size=5))
def test_the_same_bytes_arrive_however_the_body_is_cut(tmp_path_factory, content, cuts):
    folder = tmp_path_factory.mktemp("upload")
    (folder / RESOURCES).mkdir()
    body, kind = body_of([MESSAGE, ("audio", ("a.wav", content))])
    upload = Upload(folder=folder, settings=Settings(home=folder), content_type=kind)

    at = turn = 0
    while at < len(body):
        size = cuts[turn % len(cuts)]
        upload.feed(body[at : at + size])
        at, turn = at + size, turn + 1

    assert upload.finish() == "release.xml"
    assert content == (folder / RESOURCES / "a.wav").read_bytes()


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_give_a_delivery_or_a_sentence(tmp_path_factory, noise):
    folder = tmp_path_factory.mktemp("upload")
    (folder / RESOURCES).mkdir()
    upload = Upload(folder=folder, settings=Settings(home=folder), content_type=FORM)

    def send():
        upload.feed(b'--b\r\ncontent-disposition: form-data; name="audio"; filename="' + noise)
        upload.finish()

    with pytest.raises((InvalidInput, TooLarge)):
        send()
    upload.abort()


@given(st.text(max_size=60))
def test_a_safe_name_stays_where_it_is_put(name):
    try:
        safe = safe_name(name)
    except UnsafePath:
        return

    assert safe == name.removeprefix("resources/")
    assert not set(safe) & set("/\\\0")
    assert safe not in {"", ".", ".."}
    assert folded(safe) == folded(folded(safe))


@pytest.mark.parametrize("name", ["song.wav", "Ein Stück.flac", "01 - Intro (Live) [2026].mp3", "曲.wav"])
def test_ordinary_names_are_taken(name):
    assert name == safe_name(name)


@pytest.mark.parametrize("name", ["release.xml", "A10301A0001.XML", "submission.json"])
def test_ordinary_messages_are_taken(name):
    assert name == message_name(name)
