"""The credit card: what was declared last, in the form that the client wants, for those who may see it."""

import json

import pytest
import sqlalchemy as sa
from alembic import command
from fixtures_api import make_screening
from lxml import html
from rule_cases.making import declared, human, machine

from api.negotiation import preferred
from api.store.database import alembic_config
from schemas.disclosure import Level
from schemas.release import SoundRecording

ISRC = "QZABC2600001"
URL = f"/v1/recordings/{ISRC}/credits"
SUNG = declared(Level.PARTLY, machine("LeadVocalist"), human("Ada", "Lyricist", ai=Level.PARTLY))


def screening(disclosure=SUNG, take=0, title="Song", **intake):
    recording = SoundRecording(reference="A1", title=title, isrc=ISRC, display_artist="Ada & Co")
    one = make_screening(1, take=take, source=f"bytes-{take}", recording=recording, **intake)
    return one.model_copy(update={"declared": disclosure})


def card(client, accept, url=URL):
    return client.get(url, headers={"accept": accept})


def test_a_card_in_plain_words(api):
    api.record(screening())

    answer = card(api.moderator, "text/plain")

    assert answer.text == "Vocals: AI-generated. Lyrics: human, with AI help. Everything else: not declared.\n"
    assert answer.headers["vary"] == "Accept"


def test_a_card_as_json_and_json_ld(api):
    api.record(screening())

    plain, linked = (card(api.moderator, one).json() for one in ("*/*", "application/ld+json"))

    assert (plain["level"], plain["isrc"], plain["lines"][0]["area"]) == ("partly", ISRC, "vocals")
    assert (linked["@type"], linked["isrcCode"]) == ("MusicRecording", ISRC)


def test_the_page_may_be_framed_and_says_what_json_ld_says(api):
    api.record(screening())

    page, linked = card(api.moderator, "text/html"), card(api.moderator, "application/ld+json").json()
    root = html.fromstring(page.text)
    said = {
        one.get("itemprop"): one.get("content") or one.get("href") or one.text_content()
        for one in root.iter()
        if one.get("itemprop") and one.getparent().get("itemprop") != "byArtist"
    }

    assert "frame-ancestors *" in page.headers["content-security-policy"]
    assert not [*root.iter("script", "img", "iframe")]
    assert root.find(".//main/article").get("itemtype") == "https://schema.org/MusicRecording"
    names = ("name", "isrcCode", "creditText", "digitalSourceType")
    assert {name: said[name] for name in names} == {name: linked[name] for name in names}
    assert said["byArtist"] == linked["byArtist"]["name"]


def test_a_card_as_a_page_shows_names_as_text(api):
    api.record(screening(title="<script>alert(1)</script>"))

    answer = card(api.moderator, "text/html")

    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "style-src 'sha256-" in answer.headers["content-security-policy"]
    assert "<script" not in answer.text
    assert "&lt;script&gt;" in answer.text
    assert "<dt>Vocals</dt><dd>AI-generated</dd>" in answer.text
    assert "Ada &amp; Co" in answer.text


def test_the_newest_declaration_counts_and_dashes_do_not(api):
    api.record(screening(take=2, disclosure=declared(Level.NONE)), screening(take=1))

    assert card(api.moderator, "text/plain", "/v1/recordings/qz-abc-26-00001/credits").text == "Everything: human.\n"


def test_who_may_not_see_a_recording_learns_nothing(api):
    api.record(screening(account="nova"))

    assert card(api.label, "*/*").status_code == 200
    assert card(api.other_label, "*/*").status_code == 404
    assert card(api.anonymous, "*/*").status_code == 401
    assert card(api.moderator, "*/*", "/v1/recordings/QZABC2600009/credits").status_code == 404


def test_what_is_no_isrc_is_refused(api):
    answer = card(api.moderator, "*/*", "/v1/recordings/nonsense/credits")

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-identifier")


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", "a/json"),
        ("*/*", "a/json"),
        ("text/html,application/xhtml+xml,*/*;q=0.8", "text/html"),
        ("text/plain;q=0.5, text/html;q=0.4", "text/plain"),
        ("text/*", "text/html"),
        ("text/html;q=0, */*", "a/json"),
        ("image/png", "a/json"),
        ("text/html;q=x,;;,", "a/json"),
    ],
)
def test_the_header_decides(accept, expected):
    assert preferred(accept, ["a/json", "text/html", "text/plain"]) == expected


def test_screenings_from_before_are_found_by_isrc(empty_database_url):
    config = alembic_config()
    engine = sa.create_engine(empty_database_url)
    row = dict.fromkeys(("recording_key", "source_key", "account", "sender_id", "codes"), "")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        table = sa.Table("screening", sa.MetaData(), autoload_with=connection)
        at = screening().screened_at
        for number, intake in enumerate(({"recording": {"isrc": ISRC}}, {"recording": None}, {})):
            document = json.dumps({"intake": intake})
            about = {"id": str(number), "kind": "recording", "screened_at": at, "received_at": at}
            connection.execute(table.insert().values(**row, **about, document=document))
        command.upgrade(config, "head")
        found = connection.execute(sa.text("SELECT isrc FROM screening ORDER BY id")).scalars().all()
    engine.dispose()

    assert found == [ISRC, "", ""]
