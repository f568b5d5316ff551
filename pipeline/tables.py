"""The lake's tables: their columns, and the rows that a screening or dead letter becomes."""

from dataclasses import asdict
from typing import Any

import pyarrow as pa

from pipeline.screened import DeadLetter, Screened
from schemas.findings import Severity
from schemas.flags import FlagSeverity
from schemas.screening import Screening

Row = dict[str, Any]

_TEXT, _TEXTS, _REAL, _TIME = pa.string(), pa.list_(pa.string()), pa.float64(), pa.timestamp("us", tz="UTC")

SCHEMAS: dict[str, pa.Schema] = {
    "screenings": pa.schema(
        [
            ("id", _TEXT),
            ("recording_key", _TEXT),
            ("source_key", _TEXT),
            ("versions_key", _TEXT),
            ("engine", _TEXT),
            ("policy", _TEXT),
            ("models", _TEXTS),
            ("screened_at", _TIME),
            ("kind", _TEXT),
            ("delivery_id", _TEXT),
            ("delivery_path", _TEXT),
            ("account", _TEXT),
            ("sender_id", _TEXT),
            ("sender_name", _TEXT),
            ("message_id", _TEXT),
            ("message_sha256", _TEXT),
            ("message_created_at", _TIME),
            ("ern_version", _TEXT),
            ("is_takedown", pa.bool_()),
            ("territories", _TEXTS),
            ("profile", _TEXT),
            ("schemas", _TEXT),
            ("isrc", _TEXT),
            ("title", _TEXT),
            ("display_artist", _TEXT),
            ("release_key", _TEXT),
            ("audio_uri", _TEXT),
            ("declared_level", _TEXT),
            ("can_declare", pa.bool_()),
            ("duration_s", _REAL),
            ("audio_sha256", _TEXT),
            ("signal_hash", _TEXT),
            ("unreadable", pa.bool_()),
            ("flag_codes", _TEXTS),
            ("flag_severity", _TEXT),
            ("finding_rules", _TEXTS),
            ("finding_severity", _TEXT),
            ("screening", _TEXT),
        ]
    ),
    "signals": pa.schema(
        [
            ("screening_id", _TEXT),
            ("recording_key", _TEXT),
            ("source_key", _TEXT),
            ("versions_key", _TEXT),
            ("name", _TEXT),
            ("value", _REAL),
            ("probability", _REAL),
            ("model", _TEXT),
            ("spans", pa.list_(pa.struct([("start_s", _REAL), ("end_s", _REAL)]))),
        ]
    ),
    "fingerprints": pa.schema(
        [
            ("recording_key", _TEXT),
            ("screening_id", _TEXT),
            ("signal_hash", _TEXT),
            ("isrc", _TEXT),
            ("title", _TEXT),
            ("display_artist", _TEXT),
            ("sender_id", _TEXT),
            ("audio_uri", _TEXT),
            ("duration_s", _REAL),
            ("audio_sha256", _TEXT),
            ("release_date", _TEXT),
            ("rights_holder", _TEXT),
            ("declared_level", _TEXT),
            ("delivered_at", _TIME),
            ("screened_at", _TIME),
            ("fingerprint", pa.binary()),
        ]
    ),
    "dead_letters": pa.schema(
        [
            ("id", _TEXT),
            ("stage", _TEXT),
            ("path", _TEXT),
            ("cause", _TEXT),
            ("detail", _TEXT),
            ("happened_at", _TIME),
            ("subject_id", _TEXT),
        ]
    ),
}

KEYS: dict[str, tuple[str, ...]] = {
    "screenings": ("source_key", "versions_key"),
    "signals": ("source_key", "versions_key"),
    "fingerprints": ("recording_key",),
    "dead_letters": ("id",),
}
"""The columns by which later rows replace earlier ones."""

TOGETHER = {"signals": "screening_id"}
"""Tables with several rows of one key, and the column that those made together have in common."""


def rows_of(screened: Screened) -> dict[str, list[Row]]:
    """Turn one screening into the rows of all tables."""
    screening = screened.screening
    rows = {"signals": _signal_rows(screening)}
    if not screened.is_heard_before:
        rows["fingerprints"] = _fingerprint_rows(screened)
    return {**rows, "screenings": [_screening_row(screening)]}


def dead_letter_row(letter: DeadLetter) -> Row:
    """Turn a dead letter into its row."""
    return asdict(letter)


def _about_recording(screening: Screening) -> Row:
    recording = screening.intake.recording
    return {
        "recording_key": screening.intake.recording_key,
        "sender_id": screening.intake.sender_id,
        "isrc": recording.isrc if recording else None,
        "title": screening.intake.title,
        "display_artist": recording.display_artist if recording else None,
        "audio_uri": screening.intake.audio_uri,
    }


def _screening_row(screening: Screening) -> Row:
    intake, versions, audio = screening.intake, screening.versions, screening.found.audio
    flags, findings = screening.flags, screening.findings
    return {
        **_about_recording(screening),
        "id": screening.id,
        "source_key": intake.source_key,
        "versions_key": versions.key,
        "engine": versions.engine,
        "policy": versions.policy,
        "models": list(versions.models),
        "profile": versions.profile,
        "schemas": versions.schemas,
        "screened_at": screening.screened_at,
        "kind": intake.kind.value,
        "delivery_id": intake.delivery_id,
        "delivery_path": intake.delivery_path,
        "account": intake.account,
        **_about_message(screening),
        "release_key": intake.release_key,
        "declared_level": screening.declared.level.value,
        "can_declare": screening.declared.can_declare,
        "duration_s": audio.duration_s if audio else None,
        "audio_sha256": audio.sha256 if audio else None,
        "signal_hash": audio.signal_hash if audio else None,
        "unreadable": intake.audio_uri is not None and audio is None,
        "flag_codes": [flag.code for flag in flags],
        "flag_severity": max((f.severity for f in flags), key=_weight).value if flags else None,
        "finding_rules": list(dict.fromkeys(f.rule for f in findings)),
        "finding_severity": min((f.severity for f in findings), key=_rank).value if findings else None,
        "screening": screening.model_dump_json(),
    }


def _about_message(screening: Screening) -> Row:
    intake = screening.intake
    return {
        "sender_name": intake.sender_name,
        "message_id": intake.message_id,
        "message_sha256": intake.message_sha256,
        "message_created_at": intake.message_created_at,
        "ern_version": intake.ern_version,
        "is_takedown": intake.is_takedown,
        "territories": list(intake.territories),
    }


def _weight(severity: FlagSeverity) -> int:
    return severity.weight


def _rank(severity: Severity) -> int:
    return severity.rank


def _signal_rows(screening: Screening) -> list[Row]:
    return [
        {
            "screening_id": screening.id,
            "recording_key": screening.intake.recording_key,
            "source_key": screening.intake.source_key,
            "versions_key": screening.versions.key,
            "name": signal.name,
            "value": signal.value,
            "probability": signal.probability,
            "model": signal.model,
            "spans": [{"start_s": span.start_s, "end_s": span.end_s} for span in signal.spans],
        }
        for signal in screening.heard.signals
    ]


def _fingerprint_rows(screened: Screened) -> list[Row]:
    screening, audio = screened.screening, screened.screening.found.audio
    if audio is None:
        return []
    return [
        {
            **_about_recording(screening),
            "screening_id": screening.id,
            "signal_hash": audio.signal_hash,
            "duration_s": audio.duration_s,
            "audio_sha256": audio.sha256,
            "release_date": screening.intake.release_date,
            "rights_holder": screening.intake.rights_holder,
            "declared_level": screening.declared.level.value,
            "delivered_at": screening.intake.message_created_at,
            "screened_at": screening.screened_at,
            "fingerprint": screened.fingerprint,
        }
    ]
