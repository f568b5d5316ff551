"""Hypothesis strategies that several tests share; each noun's own part is a small function.

`messages` draws what ERN 4.3.2 can hold, so that writing and reading give the same message.
"""

from datetime import UTC, datetime

from hypothesis import strategies as st

from schemas.disclosure import Agent, Contribution, Disclosure, Level
from schemas.release import (
    Deal,
    DisplayArtist,
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
from schemas.vocabularies import LEVELS, SPECIAL_CONTRIBUTORS, WRITABLE, areas_of

DPIDS = ["PADPIDA202401120D9", "PADPIDA2012041004F"]


def lines(max_size: int = 12) -> st.SearchStrategy[str]:
    """Texts of one line without outer white space, of characters that XML can carry."""
    letters = st.characters(exclude_categories=("C", "Z"))
    words = st.lists(st.text(letters, min_size=1, max_size=max_size), min_size=1, max_size=3)
    return words.map(" ".join).filter(lambda text: text == " ".join(text.split()))


def allowed(vocabulary: str) -> st.SearchStrategy[str]:
    """Values of a vocabulary, or a sender's own."""
    own = lines()
    return st.one_of(st.sampled_from(sorted(WRITABLE[vocabulary])), own) if WRITABLE[vocabulary] else own


def optional(strategy):
    return st.one_of(st.none(), strategy)


def proprietary() -> st.SearchStrategy[Identified]:
    return st.builds(Identified, scheme=st.just("Proprietary"), value=lines(), namespace=lines())


def _ids(*schemes: str, needs_one: bool = False):
    """Identifiers in the order of the schema: at most one of each scheme, then proprietary ones."""

    @st.composite
    def draw_ids(draw):
        ids = [Identified(scheme=scheme, value=draw(lines())) for scheme in schemes if draw(st.booleans())]
        ids += draw(st.lists(proprietary(), min_size=needs_one and not ids, max_size=2))
        return tuple(ids)

    return draw_ids()


@st.composite
def party_lists(draw):
    names = draw(st.lists(lines(), min_size=2, max_size=4, unique=True))
    return tuple(Party(reference=f"P{n}", name=name, ids=draw(_ids("ISNI"))) for n, name in enumerate(names, start=1))


@st.composite
def contributions(draw, parties, *, has_instruments=True):
    agent = draw(st.sampled_from(Agent))
    party = draw(st.sampled_from(parties)) if agent is Agent.HUMAN else Party()
    others = st.one_of(st.sampled_from(sorted(set(SPECIAL_CONTRIBUTORS) - {"GenerativeAI"})), lines())
    special = {Agent.HUMAN: st.none(), Agent.GENERATIVE_AI: st.just("GenerativeAI"), Agent.OTHER: others}[agent]
    ai_text = draw(optional(st.sampled_from(sorted(LEVELS))))
    is_default = ai_text is None and agent is Agent.GENERATIVE_AI
    roles = tuple(draw(st.lists(allowed("Role"), max_size=2)))
    return Contribution(
        agent=agent,
        name=party.name,
        party_reference=party.reference,
        party_ids=tuple(one.value for one in party.ids),
        roles=roles,
        instruments=tuple(draw(st.lists(lines(), max_size=1))) if has_instruments else (),
        areas=areas_of(roles),
        ai=Level.ALL if is_default else LEVELS.get(ai_text or "", Level.UNDECLARED),
        ai_text=ai_text,
        special_text=draw(special),
    )


@st.composite
def disclosures(draw, parties=()):
    text = draw(optional(st.sampled_from(sorted(LEVELS))))
    return Disclosure(
        level=LEVELS.get(text or "", Level.UNDECLARED),
        text=text,
        can_declare=True,
        contributions=tuple(draw(st.lists(contributions(parties), max_size=3))) if parties else (),
    )


@st.composite
def display_artists(draw, parties):
    artistic = draw(st.lists(allowed("Role"), max_size=1))
    if draw(st.booleans()):
        party = draw(st.sampled_from(parties))
        roles = (draw(allowed("DisplayArtistRole")), *artistic)
        return DisplayArtist(name=party.name, party_reference=party.reference, roles=roles)
    return DisplayArtist(special=draw(allowed("SpecialDisplayArtist")), roles=tuple(artistic))


@st.composite
def files(draw, codec):
    is_sound = codec == "AudioCodecType"
    hashes = st.builds(HashSum, algorithm=allowed("HashSumAlgorithmType"), value=lines())
    return FileReference(
        uri=draw(lines()),
        hash_sum=draw(optional(hashes)),
        codec=draw(optional(allowed(codec))),
        sample_rate_hz=draw(optional(st.sampled_from([8000.0, 44100.0, 96000.0]))) if is_sound else None,
        channels=draw(optional(st.integers(1, 8))) if is_sound else None,
    )


def file_lists(codec):
    return st.lists(files(codec), max_size=2, unique_by=lambda file: file.uri).map(tuple)


@st.composite
def recordings(draw, reference, parties):
    ids = draw(_ids("ISRC", "CatalogNumber", needs_one=True))
    ids = tuple(
        one.model_copy(update={"namespace": draw(lines())}) if one.scheme == "CatalogNumber" else one for one in ids
    )
    isrc = next((one.value.upper().replace("-", "") for one in ids if one.scheme == "ISRC"), None)
    editions = contributions(parties, has_instruments=False)
    languages = draw(st.lists(st.sampled_from(["en", "ja", "zxx", "pt-BR"]), max_size=2))
    works = st.one_of(proprietary(), st.builds(Identified, scheme=st.just("ISWC"), value=lines()))
    return SoundRecording(
        reference=reference,
        ids=ids,
        isrc=isrc,
        title=draw(lines()),
        display_artist=draw(lines()),
        display_artists=tuple(draw(st.lists(display_artists(parties), min_size=1, max_size=2))),
        disclosure=draw(disclosures(parties)),
        edition_contributions=tuple(dict.fromkeys(draw(st.lists(editions, max_size=2)))),
        files=draw(file_lists("AudioCodecType")),
        duration_s=draw(st.integers(1, 10_000_000)) / 1000,
        languages=tuple(Identified(scheme="Language", value=one) for one in languages),
        work_ids=tuple(draw(st.lists(works, max_size=2))),
        has_vocals=draw(optional(st.booleans())),
        is_instrumental=draw(optional(st.booleans())),
        p_line=draw(optional(lines())),
    )


@st.composite
def images(draw, reference, parties):
    return Image(
        reference=reference,
        kind=draw(allowed("ImageType")),
        ids=(draw(proprietary()),),
        title=draw(st.one_of(st.just(""), lines())),
        disclosure=draw(disclosures(parties)),
        files=draw(file_lists("ImageCodecType")),
    )


@st.composite
def releases(draw, reference, resources, parties, *, is_main):
    ids = draw(_ids("GRid", "ICPN"))
    by_scheme = {one.scheme: one.value for one in ids}
    return Release(
        reference=reference,
        is_main=is_main,
        kind=draw(allowed("ReleaseType")) if is_main else "TrackRelease",
        ids=ids,
        icpn=by_scheme.get("ICPN"),
        grid=by_scheme.get("GRid"),
        title=draw(lines()),
        display_artist=draw(lines()) if is_main else "",
        label=draw(st.sampled_from(parties)).name,
        disclosure=draw(disclosures()) if is_main else Disclosure(),
        genres=tuple(draw(st.lists(lines(), min_size=1, max_size=2, unique=True))),
        resource_references=resources,
        release_date=draw(optional(st.dates().map(str))) if is_main else None,
    )


@st.composite
def deals(draw, references):
    territories = draw(st.lists(st.sampled_from(["Worldwide", "DE", "US"]), max_size=2, unique=True))
    codes = tuple(Identified(scheme="Territory", value=code) for code in territories)
    is_excluding = draw(st.booleans())
    return Deal(
        release_references=tuple(draw(st.lists(st.sampled_from(references), min_size=1, max_size=2, unique=True))),
        territories=() if is_excluding else codes,
        excluded_territories=codes if is_excluding else (),
        use_types=tuple(draw(st.lists(allowed("UseType"), max_size=2))),
        commercial_models=tuple(draw(st.lists(allowed("CommercialModelType"), max_size=2))),
        starts_at=str(draw(st.dates())),
        ends_at=draw(optional(st.dates().map(str))),
    )


@st.composite
def messages(draw):
    """Release messages of ERN 4.3.2, valid against its schema."""
    parties = draw(party_lists())
    sounds = tuple(draw(recordings(f"A{n}", parties)) for n in range(1, draw(st.integers(1, 2)) + 1))
    pictures = tuple(draw(images(f"AI{n}", parties)) for n in range(draw(st.integers(0, 1))))
    references = tuple(one.reference for one in (*sounds, *pictures))
    main = draw(releases("R0", references, parties, is_main=True))
    tracks = [draw(releases(f"R-{one.reference}", (one.reference,), parties, is_main=False)) for one in sounds]
    header = [
        Party(name=draw(lines()), ids=(Identified(scheme="DPID", value=draw(st.sampled_from(DPIDS))),)) for _ in "ab"
    ]
    times = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1))  # noqa: DTZ001 - the zone follows
    all_releases = (main, *tracks)
    return Message(
        kind=MessageKind.NEW_RELEASE,
        ern_version="4.3.2",
        avs_version="9",
        message_id=draw(lines()),
        thread_id=draw(st.one_of(st.just(""), lines())),
        created_at=draw(times).replace(tzinfo=UTC),
        control_type=draw(optional(st.sampled_from(["LiveMessage", "TestMessage"]))),
        sender=header[0],
        recipients=tuple(header[1:]),
        parties=parties,
        releases=all_releases,
        sound_recordings=sounds,
        images=pictures,
        deals=tuple(draw(st.lists(deals([one.reference for one in all_releases]), max_size=2))),
    )
