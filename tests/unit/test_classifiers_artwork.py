"""Cover art: what pictures say of their making, inside sound files and beside them, and no more than that is read."""

import base64
import io
import struct
import time
import tracemalloc
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mutagen.flac import FLAC
from mutagen.flac import Picture as FlacPicture
from mutagen.id3 import APIC
from mutagen.mp3 import MP3
from mutagen.mp4 import MP4, MP4Cover
from mutagen.oggvorbis import OggVorbis
from PIL import Image, PngImagePlugin
from sounds import tone, write

from api.demo.signing import make_certificates, sign
from classifiers import images
from classifiers.artwork import MAX_EMBEDDED, MAX_PICTURES, look_at, look_at_file
from classifiers.images import read_words
from classifiers.listener import Listener
from classifiers.provenance import find_provenance
from pipeline.check import check_paths
from schemas.errors import AudioUnreadable
from schemas.screening import Picture

AI = "trainedAlgorithmicMedia"
TERM = f"http://cv.iptc.org/newscodes/digitalsourcetype/{AI}"
XMP = f"""<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
 xmlns:dc="http://purl.org/dc/elements/1.1/"><rdf:Description e:DigitalSourceType="{TERM}">
<dc:description><rdf:Alt><rdf:li xml:lang="x-default">A boat</rdf:li></rdf:Alt></dc:description>
</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>"""
AS_ELEMENT = XMP.replace(f' e:DigitalSourceType="{TERM}"', "").replace(
    "<dc:d", f'<e:DigitalSourceType rdf:resource="{TERM}"/><dc:d', 1
)
A1111 = "a boat at night\nNegative prompt: people\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 512x512"
GRAPH = '{"3": {"class_type": "KSampler", "inputs": {}}}'


def saved(kind, **more):
    sink = io.BytesIO()
    Image.new("RGB", (8, 8)).save(sink, kind, **more)
    return sink.getvalue()


def png(packed=False, international=False, **texts):
    info = PngImagePlugin.PngInfo()
    for key, text in texts.items():
        (info.add_itxt if international else info.add_text)(key.replace("_XMP_", "XML:com.adobe.xmp"), text, zip=packed)
    return saved("PNG", pnginfo=info)


def jpeg(segments):
    """Put segments behind the start of an image."""
    parts = b"".join(b"\xff" + bytes([m]) + struct.pack(">H", len(d) + 2) + d for m, d in segments)
    data = saved("JPEG")
    return data[:2] + parts + data[2:]


def exif(**texts):
    made = Image.Exif()
    names = {"software": 0x0131, "imagedescription": 0x010E}
    for name, text in texts.items():
        if name == "usercomment":
            made.get_ifd(0x8769)[0x9286] = b"UNICODE\0" + text.encode(
                "utf-16-be" if made.endian == ">" else "utf-16-le"
            )
        else:
            made[names[name]] = text
    return made.tobytes()


def iptc(number, text):
    data = b"\x1c\x02" + bytes([number]) + struct.pack(">H", len(text)) + text
    data += b"\0" * (len(data) & 1)
    return b"Photoshop 3.0\x008BIM\x04\x04\x00\x00" + struct.pack(">I", len(data)) + data


TAGGED = {
    "ComfyUI in a text chunk": (png(prompt=GRAPH), "ComfyUI"),
    "ComfyUI in a packed chunk": (png(packed=True, workflow='{"nodes": []}'), "ComfyUI"),
    "WebUI in a text chunk": (png(parameters=A1111), "Stable Diffusion WebUI"),
    "WebUI in an international chunk": (png(international=True, parameters=A1111 + " é"), "Stable Diffusion WebUI"),
    "WebUI in a packed international chunk": (
        png(packed=True, international=True, parameters=A1111),
        "Stable Diffusion WebUI",
    ),
    "WebUI in a JPEG's EXIF": (saved("JPEG", exif=exif(usercomment=A1111)), "Stable Diffusion WebUI"),
    "WebUI in a WebP's EXIF": (saved("WEBP", exif=exif(usercomment=A1111)), "Stable Diffusion WebUI"),
    "WebUI in a PNG's EXIF": (saved("PNG", exif=exif(imagedescription=A1111)), "Stable Diffusion WebUI"),
    "WebUI in a JPEG's comment": (jpeg([(0xFE, A1111.encode())]), "Stable Diffusion WebUI"),
    "NovelAI": (png(Software="NovelAI"), "NovelAI"),
    "InvokeAI": (png(invokeai_metadata='{"model": 1}'), "InvokeAI"),
    "SwarmUI": (png(parameters='{"sui_image_params": {}}'), "SwarmUI"),
    "Midjourney": (png(Description="a boat --v 6 Job ID: 01234567-89ab-cdef-0123-456789abcdef"), "Midjourney"),
    "Google in IPTC": (jpeg([(0xED, iptc(110, b"Made with Google AI"))]), "Google AI"),
    "IPTC 2025.1": (png(_XMP_=XMP.replace("e:DigitalSourceType", "e:AISystemUsed")), "AI system (IPTC)"),
    "AIGC label": (png(AIGC='{"Label":"1"}'), "AIGC label (GB 45438-2025)"),
    "TIFF": (saved("TIFF", tiffinfo={270: A1111}), "Stable Diffusion WebUI"),
}


@pytest.mark.parametrize("name", TAGGED)
def test_a_generators_words_are_found(name):
    data, tool = TAGGED[name]
    picture = look_at(data, "cover")
    assert [tag.tool for tag in picture.tags] == [tool]
    assert picture.tags[0].is_ai_statement
    assert picture.fault is None


@pytest.mark.parametrize(
    "data",
    [
        png(prompt="sing louder", Software="GIMP", parameters="Steps: to the sea", Description="Job ID: 7"),
        saved("JPEG", exif=exif(software="Adobe Photoshop", usercomment="steps to take")),
        jpeg([(0xED, iptc(110, b"Made with love"))]),
        png(_XMP_=XMP.replace(AI, "digitalCapture")),
        saved("GIF"),
        saved("BMP"),
    ],
)
def test_a_like_word_is_not(data):
    picture = look_at(data, "cover")
    assert picture.tags == ()
    assert AI not in picture.digital_source_types
    assert picture.fault is None


@pytest.mark.parametrize(
    "data",
    [
        png(_XMP_=XMP),
        png(_XMP_=AS_ELEMENT),
        saved("JPEG", xmp=XMP.encode()),
        saved("WEBP", xmp=XMP.encode()),
        saved("TIFF", tiffinfo={700: XMP.encode()}),
        saved("JPEG", xmp=XMP.encode()[:400]),  # cut: the term is still named
    ],
)
def test_the_digital_source_type_of_xmp_is_found(data):
    assert look_at(data, "cover").digital_source_types == (AI,)


@pytest.mark.parametrize(("kind", "mime"), [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("WEBP", "image/webp")])
def test_a_manifest_in_a_picture_is_read_with_its_state(kind, mime, credentials):
    signed, anchors = credentials
    data = signed(saved(kind), mime)
    valid = look_at(data, "cover").manifest
    assert (valid.state, valid.digital_source_types) == ("valid", (AI,))
    assert look_at(data, "cover", anchors).manifest.state == "trusted"
    assert look_at(data[:-3] + bytes(3), "cover").manifest.state == "invalid"


@pytest.fixture(scope="module")
def credentials(tmp_path_factory):
    """Sign pictures as AI under a root that is made here; return how, and the root's file."""
    made = make_certificates("Example")
    root = tmp_path_factory.mktemp("roots") / "root.pem"
    root.write_bytes(made.root)
    return lambda data, mime: sign(data, mime, "Cover", "Example Painter", made), str(root)


COVER = TAGGED["WebUI in a text chunk"][0]


def block(data):
    picture = FlacPicture()
    picture.type, picture.mime, picture.data = 3, "image/png", data
    return picture


def with_cover(path, data):
    write(path, tone(1))
    if path.suffix == ".mp3":
        sound = MP3(path)
        sound.add_tags()
        sound.tags.add(APIC(encoding=3, mime="image/png", type=3, desc="", data=data))
    elif path.suffix == ".flac":
        sound = FLAC(path)
        sound.add_picture(block(data))
    elif path.suffix == ".ogg":
        sound = OggVorbis(path)
        sound["metadata_block_picture"] = [base64.b64encode(block(data).write()).decode(), "no picture"]
    else:
        sound = MP4(path)
        sound["covr"] = [MP4Cover(data, MP4Cover.FORMAT_PNG)]
    sound.save()
    return str(path)


@pytest.mark.parametrize("suffix", [".mp3", ".flac", ".ogg"])
def test_a_cover_inside_a_sound_file_is_looked_at(tmp_path, suffix):
    (picture,) = find_provenance(with_cover(tmp_path / f"song{suffix}", COVER)).pictures
    assert (picture.place, picture.format) == ("embedded: front cover", "png")
    assert [tag.tool for tag in picture.tags] == ["Stable Diffusion WebUI"]


def test_a_cover_inside_mp4_is_looked_at(tmp_path, shared):
    path = tmp_path / "song.m4a"
    path.write_bytes((shared / "c2pa/unsigned.m4a").read_bytes())
    sound = MP4(path)
    sound["covr"] = [MP4Cover(COVER, MP4Cover.FORMAT_PNG)]
    sound.save()
    (picture,) = find_provenance(str(path)).pictures
    assert (picture.place, len(picture.tags)) == ("embedded: cover", 1)


def test_many_and_large_pictures_are_not_all_looked_at(tmp_path):
    path = write(tmp_path / "song.flac", tone(1))
    sound = FLAC(path)
    for number in range(MAX_PICTURES + 3):
        sound.add_picture(block(COVER + bytes([number])))
    sound.save()
    assert len(find_provenance(path).pictures) == MAX_PICTURES
    mp3 = with_cover(tmp_path / "song.mp3", COVER + bytes(MAX_EMBEDDED))
    (picture,) = find_provenance(mp3).pictures
    assert "more than 16 MB" in picture.fault


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


HEAD = b"\x89PNG\r\n\x1a\n"
HOSTILE = {
    "nothing": b"",
    "text": b"no picture",
    "a packed bomb": HEAD + chunk(b"zTXt", b"prompt\0\0" + zlib.compress(bytes(1 << 29), 9)) * 3,
    "a packed international bomb": HEAD + chunk(b"iTXt", b"a\0\1\0\0\0" + zlib.compress(bytes(1 << 29), 9)),
    "many chunks": HEAD + chunk(b"tEXt", b"a\0b") * 200_000,
    "a chunk beyond the end": HEAD + struct.pack(">I4s", 2**32 - 1, b"tEXt") + b"a\0b",
    "no length": b"\xff\xd8\xff\xe1\0\0" * 100_000,
    "fill bytes": b"\xff\xd8" + b"\xff" * 1_000_000,
    "an EXIF loop": jpeg([(0xE1, b"Exif\0\0MM\0*\0\0\0\x08\0\1\x87\x69\0\4\0\0\0\1\0\0\0\x08")]),
    "an EXIF far away": jpeg([(0xE1, b"Exif\0\0II*\0\xff\xff\xff\x7f")]),
    "an entity bomb": png(_XMP_='<!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;">]><a>&c;</a>'),
    "deep XMP": png(_XMP_="<a>" * 50_000),
    "an image of a million pixels squared": HEAD + chunk(b"IHDR", struct.pack(">IIBBBBB", 10**6, 10**6, 8, 2, 0, 0, 0)),
    "too large": HEAD + bytes(images.MAX_BYTES),
    "an empty store": HEAD + chunk(b"caBX", b""),
    "a store that is none": jpeg([(0xEB, b"JP\0\0\0\0\0\0\0\0jumb")]),
    "IPTC without an end": jpeg([(0xED, b"Photoshop 3.0\0" + b"8BIM\x04\x04\xff" * 3)]),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_picture_costs_more_than_its_words(name):
    data = HOSTILE[name]
    look_at(b"", "warm")
    tracemalloc.start()
    began = time.process_time()
    picture = look_at(data, "cover")
    took, (_, most) = time.process_time() - began, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert isinstance(picture, Picture)
    assert took < 3
    assert most < 32 * 2**20


@settings(deadline=None, max_examples=150)
@given(st.sampled_from([TAGGED[n][0] for n in TAGGED]), st.integers(0, 900), st.binary(max_size=12))
def test_a_damaged_picture_never_raises(data, at, piece):
    read_words(data[:at] + piece + data[at + len(piece) :])
    read_words(data[:at])


def test_the_listener_looks_in_its_child(tmp_path):
    cover = tmp_path / "cover.png"
    cover.write_bytes(COVER)
    with Listener() as listener:
        assert listener.look(str(cover)) == look_at_file(str(cover))
        with pytest.raises(AudioUnreadable, match="cannot be opened"):
            listener.look(str(tmp_path / "absent.png"))


def test_check_compares_a_cover_with_its_image(tmp_path):
    (tmp_path / "cover.png").write_bytes(COVER)
    write(tmp_path / "one.wav", tone(1))
    rows = "submission_id,sender_name,release_title,release_artist,cover_file,cover_contains_ai,file,title,artist\n"
    for level, expected in (("none", 1), ("all", 0)):
        row = f"x-1,Example,Long Way Round,The Examples,cover.png,{level},one.wav,Long Way Round,The Examples\n"
        (tmp_path / "labels.csv").write_text(rows + row)
        found = [f for f in check_paths([tmp_path]).findings if f.rule == "PRV-011"]
        assert len(found) == expected
    assert not [f for f in check_paths([tmp_path], listen=False).findings if f.rule == "PRV-011"]
