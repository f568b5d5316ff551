"""Examples of the JSON submission, which its JSON Schema and the API's description carry."""

from typing import Any

WITH_AI: dict[str, Any] = {
    "liner": "submission/1",
    "id": "example-2026-11-22-1",
    "created_at": "2026-11-22T12:00:00Z",
    "sender": {"name": "Example Records"},
    "release": {
        "title": "Long Way Round",
        "artist": "The Examples",
        "label": "Example Records",
        "kind": "Single",
        "icpn": "4006381333931",
        "date": "2026-12-01",
        "territories": ["Worldwide"],
        "genres": ["Pop"],
        "contains_ai": "partly",
        "cover": {"file": "cover.jpg", "disclosure": {"contains_ai": "none"}},
    },
    "recordings": [
        {
            "isrc": "GXF3D2400001",
            "title": "Long Way Round",
            "artist": "The Examples",
            "file": "long-way-round.wav",
            "hash": {
                "algorithm": "SHA-256",
                "value": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            },
            "duration_s": 213.4,
            "language": "en",
            "has_vocals": True,
            "disclosure": {
                "contains_ai": "partly",
                "contributions": [
                    {"role": "LeadVocalist", "agent": "human", "name": "Ada Example", "ai": "none"},
                    {"role": "Lyricist", "agent": "human", "name": "Ada Example", "ai": "partly"},
                    {"role": "StudioMusician", "instrument": "Strings", "agent": "generative_ai"},
                ],
            },
        }
    ],
}
WITHOUT_AI: dict[str, Any] = {
    "liner": "submission/1",
    "id": "example-2026-11-22-2",
    "sender": {"name": "Example Records"},
    "release": {"title": "Short Way Home", "artist": "The Examples", "contains_ai": "none"},
    "recordings": [
        {
            "title": "Short Way Home",
            "artist": "The Examples",
            "file": "short-way-home.wav",
            "is_instrumental": True,
            "disclosure": {
                "contains_ai": "none",
                "contributions": [{"role": "Composer", "name": "Ada Example", "ai": "none"}],
            },
        }
    ],
}
EXAMPLES = (WITH_AI, WITHOUT_AI)
