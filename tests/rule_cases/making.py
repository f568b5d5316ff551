"""Small nouns for rule cases: what a case does not care about has a sound value."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from schemas.disclosure import Agent, Contribution, Disclosure, Level
from schemas.evidence import Evidence
from schemas.package import Layout, Package, PackageFile
from schemas.release import (
    FileReference,
    HashSum,
    Identified,
    Image,
    Message,
    MessageKind,
    Party,
    Release,
    SoundRecording,
)
from schemas.screening import AudioFacts, Found, Intake, Manifest, ProvenanceState
from schemas.vocabularies import areas_of

TEXTS = {Level.ALL: "All", Level.PARTLY: "Partly", Level.NONE: "None"}
SHA256 = "0" * 64


@dataclass(frozen=True)
class Case:
    """A rule's cases: each of ``triggers`` must raise it, none of ``near_misses`` may."""

    triggers: tuple[Any, ...]
    near_misses: tuple[Any, ...]


def case(trigger: Any, *near_misses: Any) -> Case:
    triggers = trigger if isinstance(trigger, tuple) else (trigger,)
    return Case(triggers, near_misses)


def human(name="Ana Lima", *roles, ai=Level.UNDECLARED, **more):
    roles = roles or ("Composer",)
    return Contribution(agent=Agent.HUMAN, name=name, roles=roles, areas=areas_of(roles), ai=ai, **more)


def machine(*roles, ai=Level.ALL, **more):
    return Contribution(agent=Agent.GENERATIVE_AI, roles=roles, areas=areas_of(roles), ai=ai, **more)


def declared(level=Level.NONE, *contributions, text=None):
    text = TEXTS.get(level) if text is None else text
    return Disclosure(level=level, text=text, can_declare=True, contributions=contributions)


def recording(level=Level.NONE, *contributions, reference="A1", isrc="QZABC2600001", text=None, **more):
    return SoundRecording(
        reference=reference,
        isrc=isrc,
        ids=more.pop("ids", (Identified(scheme="ISRC", value=isrc),) if isrc else ()),
        title=more.pop("title", "Harbour Lights"),
        disclosure=declared(level, *contributions, text=text),
        **more,
    )


def cover(level=Level.NONE, **more):
    return Image(reference="A9", kind="FrontCoverImage", disclosure=declared(level), **more)


def release(level=Level.UNDECLARED, **more):
    return Release(reference=more.pop("reference", "R0"), icpn="4006381333931", disclosure=declared(level), **more)


def message(*resources, version="4.3.2", **more):
    """A release message of the given recordings, images and releases."""
    return Message(
        **{
            "kind": MessageKind.NEW_RELEASE,
            "path": "m.xml",
            "ern_version": version,
            "message_id": "MSG1",
            "created_at": datetime(2026, 11, 22, tzinfo=UTC),
            "sender": Party(name="Harbour", ids=(Identified(scheme="DPID", value="PADPIDA202401120D9"),)),
            "recipients": (Party(name="Shop"),),
            "sound_recordings": tuple(r for r in resources if isinstance(r, SoundRecording)),
            "images": tuple(r for r in resources if isinstance(r, Image)),
            "releases": tuple(r for r in resources if isinstance(r, Release)) or (release(),),
            **more,
        }
    )


def file(uri="resources/a.wav", algorithm=None, value="", **more):
    return FileReference(uri=uri, hash_sum=HashSum(algorithm=algorithm, value=value) if algorithm else None, **more)


def batch(*files, marker="BatchComplete_1.xml", messages=(), **more):
    """A batch folder; each file is a name, or a name and its time in seconds."""
    named = [(f, 0) if isinstance(f, str) else f for f in files]
    return Package(
        root="P_1",
        layout=more.pop("layout", Layout.BATCH),
        files=tuple(PackageFile(path=p, size=more.get("size", 9), modified_ns=int(t * 1e9)) for p, t in named),
        marker=marker,
        messages=messages,
        manifest=more.get("manifest"),
    )


def facts(**more):
    return AudioFacts(
        **{
            "container": "wav",
            "codec": "pcm",
            "sample_rate_hz": 44100,
            "channels": 2,
            "duration_s": 180.0,
            "size": 1000,
            "sha256": SHA256,
            "signal_hash": "s",
            "decoder": "soundfile",
            **more,
        }
    )


def evidence(one=None, *, audio=None, manifest=None, tags=(), unread=None, pictures=(), **intake):
    one = recording() if one is None else one
    return Evidence(
        intake=Intake(
            **{
                "recording_key": "rec_1",
                "source_key": "src_1",
                "delivery_id": "dlv_1",
                "delivery_path": "P_1",
                "recording": one,
                "audio_uri": "/landing/P_1/resources/a.wav",
                "ern_version": "4.3.2",
                "sender_id": "PADPIDA202401120D9",
                "sender_name": "Harbour Records",
                **intake,
            }
        ),
        found=Found(audio=audio or facts(), manifest=manifest, tags=tags, unread_manifest=unread, pictures=pictures),
    )


def manifest(state=ProvenanceState.VALID, *types, failures=()):
    return Manifest(state=state, generator="Example Music", digital_source_types=types, failures=failures)
