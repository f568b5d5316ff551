"""Provenance: C2PA's three states kept apart, and what generators leave in tags."""

import io
import struct
import time
from pathlib import Path

import c2pa
import pytest
from mutagen.apev2 import APEv2
from mutagen.flac import FLAC
from mutagen.id3 import COMM, GEOB, ID3, TXXX, WOAS
from mutagen.mp3 import MP3
from mutagen.mp4 import MP4
from mutagen.oggvorbis import OggVorbis
from sounds import tone, write

from api.demo.signing import make_certificates, sign
from classifiers import manifests
from classifiers.provenance import find_provenance
from classifiers.tags import generator_tags, patterns
from schemas.errors import InvalidInput
from schemas.rules.provenance import IPTC_TYPES

IPTC = "http://cv.iptc.org/newscodes/digitalsourcetype/"
SUNO = "made with suno; created=2026-08-01T10:00:00Z; id=3f1c"


def with_id3(path, *frames):
    tags = MP3(path)
    tags.add_tags()
    for frame in frames:
        tags.tags.add(frame)
    tags.save()
    return path


@pytest.mark.parametrize(
    ("frame", "tool"),
    [
        (COMM(encoding=3, lang="eng", desc="", text=[SUNO]), "Suno"),
        (TXXX(encoding=3, desc="comment", text=[SUNO]), "Suno"),
        (WOAS(url="https://suno.com/song/3f1c"), "Suno"),
        (WOAS(url="https://www.suno.ai/song/m_3f1c"), "Suno"),
        (COMM(encoding=3, lang="eng", desc="", text=["Made With Suno Studio; created=2026"]), "Suno"),
        (TXXX(encoding=3, desc="AIGC", text=["Label: '2'\nContentProducer: x"]), "AIGC label (GB 45438-2025)"),
        (COMM(encoding=3, lang="eng", desc="", text=['{"AIGC": {"Label": "1"}}']), "AIGC label (GB 45438-2025)"),
        (TXXX(encoding=3, desc="suno_lineage", text=["a"]), "Suno (downloader)"),
        (TXXX(encoding=3, desc="SUNO_PROMPT", text=["sad waltz"]), "Suno (downloader)"),
        (TXXX(encoding=3, desc="AIGC", text=['{"Label":"1","ContentProducer":"x"}']), "AIGC label (GB 45438-2025)"),
        (TXXX(encoding=3, desc="prompt", text=['{"3": {"class_type": "KSampler"}}']), "ComfyUI"),
        (TXXX(encoding=3, desc="workflow", text=['{"nodes": [1]}']), "ComfyUI"),
        (TXXX(encoding=3, desc="ai_tools", text=["Udio"]), "Creative credit"),
    ],
)
def test_a_generators_tag_is_found(tmp_path, frame, tool):
    (tag,) = generator_tags(with_id3(write(tmp_path / "song.mp3", tone(1)), frame))
    assert tag.tool == tool
    assert tag.is_ai_statement
    assert tag.source


@pytest.mark.parametrize(
    "frame",
    [
        COMM(encoding=3, lang="eng", desc="", text=["recorded in Sunoland"]),
        TXXX(encoding=3, desc="prompt", text=["sing louder"]),
        TXXX(encoding=3, desc="ai_tools", text=["none"]),
        TXXX(encoding=3, desc="AIGC", text=["no"]),
        WOAS(url="https://example.com/song/1"),
    ],
)
def test_a_like_tag_is_not(tmp_path, frame):
    assert generator_tags(with_id3(write(tmp_path / "song.mp3", tone(1)), frame)) == ()


def test_a_credit_is_no_statement_of_ai(tmp_path):
    frame = TXXX(encoding=3, desc="human_contributions", text=["all of it"])
    (tag,) = generator_tags(with_id3(write(tmp_path / "song.mp3", tone(1)), frame))
    assert not tag.is_ai_statement


@pytest.mark.shared
def test_the_comment_of_mp4_is_read(tmp_path, shared):
    path = tmp_path / "song.m4a"
    path.write_bytes((shared / "c2pa/unsigned.m4a").read_bytes())
    tags = MP4(path)
    tags["\xa9cmt"] = [SUNO]
    tags["----:com.apple.iTunes:AIGC"] = [b'{"Label":"3"}']
    tags.save()
    assert sorted(tag.tool for tag in generator_tags(str(path))) == ["AIGC label (GB 45438-2025)", "Suno"]


def test_what_a_manifest_was_made_with_is_part_of_it(tmp_path):
    """Actions, signer, generator, ingredients, and the source types of ingredients."""
    made = make_certificates("Example")
    path = write(tmp_path / "song.wav", tone(1))
    part = sign(Path(path).read_bytes(), "audio/wav", "Voice", "Example Singer", made)
    manifest = {
        "claim_generator_info": [{"name": "Example Mixer", "version": "7"}],
        "assertions": [
            {
                "label": "c2pa.actions.v2",
                "data": {"actions": [{"action": "c2pa.created", "digitalSourceType": f"{IPTC}digitalCreation"}]},
            },
            {"label": "com.suno.provenance", "data": {"systemName": "Suno", "systemVersion": "chirp-hawk"}},
        ],
    }
    info = c2pa.C2paSignerInfo(alg=b"es256", sign_cert=made.chain, private_key=made.key, ta_url=None)
    target = io.BytesIO()
    with c2pa.Signer.from_info(info) as signer, c2pa.Builder(manifest) as builder:
        builder.add_ingredient({"title": "voice.wav", "relationship": "componentOf"}, "audio/wav", io.BytesIO(part))
        builder.sign(signer, "audio/wav", io.BytesIO(Path(path).read_bytes()), target)
    Path(path).write_bytes(target.getvalue())

    found = find_provenance(path).manifest

    assert (found.state, found.issuer, found.actions[0]) == ("valid", "Example", "c2pa.created")
    assert "Example Mixer 7" in found.generator
    assert "Suno chirp-hawk" in found.generator
    assert found.ingredients == ("voice.wav",)
    assert set(found.digital_source_types) == {"digitalCreation", "trainedAlgorithmicMedia"}


@pytest.mark.parametrize(
    ("uri", "term"),
    [
        (f"{IPTC}trainedAlgorithmicMedia", "trainedAlgorithmicMedia"),
        ("https://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia/", "trainedAlgorithmicMedia"),
        ("http://c2pa.org/digitalsourcetype/empty", "empty"),
        ("trainedAlgorithmicMedia", "trainedAlgorithmicMedia"),
        ("http://example.com/trainedAlgorithmicMedia", "http://example.com/trainedAlgorithmicMedia"),
    ],
)
def test_a_term_of_another_vocabulary_is_no_iptc_term(uri, term):
    manifest = {"assertions": [{"label": "c2pa.actions", "data": {"actions": [{"digitalSourceType": uri}]}}]}

    read = manifests._manifest({"active_manifest": "a", "manifests": {"a": manifest}}, "Valid")

    assert read.digital_source_types == (term,)
    assert (term in IPTC_TYPES) is ("/" not in term)


def test_nothing_is_asked_of_a_network():
    from classifiers.manifests import OFFLINE

    assert OFFLINE == {"verify": {"remote_manifest_fetch": False, "ocsp_fetch": False}}


@pytest.mark.parametrize(("suffix", "reader"), [("flac", FLAC), ("ogg", OggVorbis)])
def test_vorbis_comments_are_read(tmp_path, suffix, reader):
    path = write(tmp_path / f"song.{suffix}", tone(1))
    tags = reader(path)
    tags["description"] = SUNO
    tags.save()
    assert [tag.tool for tag in generator_tags(path)] == ["Suno"]


def test_the_info_list_of_a_wav_is_read(tmp_path):
    path = tmp_path / "song.wav"
    write(path, tone(1))
    text = SUNO.encode() + b"\0" * (2 - len(SUNO) % 2)
    entry = b"INFOICMT" + struct.pack("<I", len(text)) + text
    path.write_bytes(path.read_bytes() + b"LIST" + struct.pack("<I", len(entry)) + entry)
    assert [(tag.tool, tag.key) for tag in generator_tags(str(path))] == [("Suno", "comment")]


def test_a_manifest_that_the_library_passes_over_is_named(tmp_path):
    frame = GEOB(
        encoding=0, mime="application/jumbf", filename="c2pa", desc="", data=b"\0\0\0\x20jumb\0\0\0\x18jumdc2pa"
    )
    found = find_provenance(with_id3(write(tmp_path / "song.mp3", tone(1)), frame))
    assert found.manifest is None
    assert "application/jumbf" in found.unread_manifest


@pytest.mark.parametrize(
    "head",
    [b"", b"ID3", b"ID3\3\0\0\x0fv", b"ID3\4\0\0\x7f\x7f\x7f\x7f", b"RIFF", b"fLaC", b"\0\0\0\x14ftyp", b"\xff\xfb"],
)
def test_a_head_without_a_body_says_nothing(tmp_path, head):
    path = tmp_path / "cut"
    path.write_bytes(head)
    found = find_provenance(str(path))
    assert (found.manifest, found.tags, found.pictures) == (None, (), ())


def test_a_musepack_file_is_asked_for_its_tag_alone(tmp_path):
    path = tmp_path / "song.bin"
    endless = b"MPCKSH\x0e\xef*)\x81\x08\x84\x83^\0\5\x19R\x1e\0SO\x08D\0\0\0T\6\1\x12\xc0SE\3"  # its sizes lead back
    path.write_bytes(endless)
    began = time.process_time()
    assert generator_tags(str(path)) == ()
    assert time.process_time() - began < 5
    tag = APEv2()
    tag["Comment"] = SUNO
    tag.save(path)
    assert [one.tool for one in generator_tags(str(path))] == ["Suno"]


def test_a_hidden_manifest_is_read_all_the_same(tmp_path, shared):
    path = tmp_path / "hidden.mp3"
    path.write_bytes((shared / "c2pa/signed_trainedAlgorithmicMedia.mp3").read_bytes())
    tags = ID3(path)
    tags.getall("GEOB")[0].mime = "application/jumbf"
    tags.save()
    found = find_provenance(str(path))
    assert (found.manifest.state, found.manifest.digital_source_types) == ("invalid", ("trainedAlgorithmicMedia",))
    assert "application/jumbf" in found.unread_manifest


def test_no_manifest_and_no_tag_say_nothing(tmp_path):
    found = find_provenance(write(tmp_path / "song.flac", tone(1)))
    assert (found.manifest, found.unread_manifest, found.tags) == (None, None, ())


def test_trust_anchors_that_cannot_be_read_are_named(tmp_path):
    with pytest.raises(InvalidInput, match="trust anchors"):
        find_provenance(write(tmp_path / "song.flac", tone(1)), str(tmp_path / "roots.pem"))


def test_every_row_of_the_table_has_a_source_and_a_date():
    for pattern in patterns():
        assert pattern.source.endswith(")")
        assert pattern.tool


@pytest.mark.shared
@pytest.mark.parametrize("suffix", ["wav", "mp3", "m4a", "flac"])
def test_signed_is_valid_and_with_its_root_trusted(shared, suffix):
    path = str(shared / "c2pa" / f"signed_trainedAlgorithmicMedia.{suffix}")
    valid = find_provenance(path).manifest
    assert (valid.state, valid.failures) == ("valid", ("signingCredential.untrusted",))
    assert (valid.actions, valid.digital_source_types) == (("c2pa.created",), ("trainedAlgorithmicMedia",))
    assert "Test Generator" in valid.generator
    assert valid.issuer == "Test Generator Co"
    trusted = find_provenance(path, str(shared / "c2pa" / "test_root_ca.pem")).manifest
    assert (trusted.state, trusted.failures) == ("trusted", ())


@pytest.mark.shared
@pytest.mark.parametrize("name", ["tampered.mp3", "retagged_audio_untouched.mp3"])
def test_invalid_still_names_the_generator(shared, name):
    manifest = find_provenance(str(shared / "c2pa" / name)).manifest
    assert manifest.state == "invalid"
    assert "assertion.dataHash.mismatch" in manifest.failures
    assert "Test Generator" in manifest.generator


@pytest.mark.shared
@pytest.mark.parametrize("suffix", ["wav", "mp3", "m4a", "flac"])
def test_unsigned_has_no_manifest(shared, suffix):
    assert find_provenance(str(shared / "c2pa" / f"unsigned.{suffix}")).manifest is None
