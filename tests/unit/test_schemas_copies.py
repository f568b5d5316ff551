"""How two recordings with one sound stand to each other, by what their senders say."""

from types import SimpleNamespace

import pytest

from schemas.copies import Cluster, Copy, Relation, bearer_of, holder_name, relation_of


def recording(title="Rain", artist="Nova", sender="S1", isrc=None, holder=""):
    return SimpleNamespace(isrc=isrc, title=title, display_artist=artist, sender_id=sender, rights_holder=holder)


ORIGINAL = recording(isrc="QZABC2600001", holder="\u2117 2024 Nova Records Ltd.")


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        (recording("Sleep Rain", "Calm", "S9", isrc="QZABC2600001"), Relation.SAME_ISRC),
        (recording("Rain"), Relation.RE_RELEASE),
        (recording("Rain", "Other Name", "S1"), Relation.RE_RELEASE),
        (recording("RAIN", "Nova", "S2", holder="(P) 2026 NOVA RECORDS"), Relation.SAME_HOLDER),
        (recording("Rain", "nova feat. Ada", "S2"), Relation.SAME_NAME),
        (recording("Rain", "Somebody", "S2"), Relation.STRANGER),
        (recording("Rain (Radio Edit)", "Nova", "S2"), Relation.EDIT),
        (recording("Rain - Sped Up", "Nova", "S2"), Relation.EDIT),
        (recording("Rain (Radio Edit)", "Thief", "S2"), Relation.STRANGER),
        (recording("Rain [Bo Remix]", "Bo", "S2"), Relation.REMIX),
        (recording("Deep Rest", "Calm", "S1"), Relation.RETITLED),
        (recording("Deep Rest", "Calm", "S2", holder="Nova Records"), Relation.RETITLED),
        (recording("Deep Rest", "Calm", "S2"), Relation.STRANGER),
        (recording("Deep Rest", "Calm", None), Relation.STRANGER),
        (recording("", "", "S2"), Relation.STRANGER),
    ],
)
def test_relations(own, expected):
    assert relation_of(own, ORIGINAL) is expected


def test_nobody_is_related_by_what_is_missing():
    assert relation_of(recording("", "", None), recording("", "", None)) is Relation.STRANGER
    assert relation_of(recording("Rain", "", None), recording("Rain", "", None)) is Relation.STRANGER
    assert holder_name("\u2117 2024 Ltd.") == ""


def test_brackets_that_name_no_version_belong_to_the_title():
    assert relation_of(recording("Rain (in May)", "Nova", "S2"), ORIGINAL) is Relation.STRANGER
    assert relation_of(recording("Rain (feat. Ada)", "Nova", "S2"), ORIGINAL) is Relation.SAME_NAME


def copies(*relations):
    return [Copy(recording_key=f"rec_{n}", relation=relation) for n, relation in enumerate(relations)]


def test_the_flag_is_at_the_first_that_is_least_explained():
    assert bearer_of(copies(Relation.SAME_ISRC, Relation.EDIT, Relation.RETITLED, Relation.STRANGER)) == "rec_3"
    assert bearer_of(copies(Relation.STRANGER, Relation.STRANGER)) == "rec_0"
    assert bearer_of(copies(Relation.RE_RELEASE, Relation.REMIX)) == "rec_1"
    assert bearer_of(copies(Relation.SAME_ISRC, Relation.RE_RELEASE)) is None


def test_a_cluster_is_described_in_one_sentence():
    first = Copy(
        recording_key="rec_0", isrc="QZABC2600001", title="Rain", display_artist="Nova", released_on="2024-05-01"
    )

    cluster = Cluster(id="dup_1", earliest=first, size=57, titles=50, artists=1, senders=2)

    assert cluster.describe() == (
        "One of 57 recordings of this sound (50 titles, 1 artist, 2 senders); "
        "the earliest, 2024-05-01: \u201cRain\u201d by Nova (QZABC2600001)."
    )
