"""Rules of the XSD group: which version it is, whether it is valid, and whether it can declare AI.

Source: DDEX ERN schemas and AVS 9 (August 2025); Spotify's accepted versions (2026-04-01).
XSD-001 is raised by the reader, which alone sees the XML; so is XSD-006 for words that no message can
carry. XSD-002 and XSD-003 are also raised by `schemas.ern.xsd`, XSD-007 by
`schemas.ern.schematron`, where the user has DDEX's files. Inputs of the others: `schemas.release.Message`.
"""

from collections.abc import Iterator

from schemas.findings import Location, Severity
from schemas.release import Message, MessageKind
from schemas.rules.registry import MAX_VALUE, Hit, Scope, declare, rule
from schemas.rules.words import contributions_of, declared_at, name_of, resources_of, top_of
from schemas.vocabularies import AVS_VERSION, LEVELS, is_known_avs

ERROR, WARNING, INFO = Severity.ERROR, Severity.WARNING, Severity.INFO
RELEASE_KINDS = (MessageKind.NEW_RELEASE,)

declare(
    "XSD-001",
    ERROR,
    "Namespace unknown",
    why="The namespace tells the version; without it nobody knows which rules the message follows.",
    source="DDEX ERN schemas",
    mend="Use the namespace of the ERN version that you write, e.g. http://ddex.net/xml/ern/432.",
    file_status="NewReleaseMessageInvalid",
)

declare(
    "XSD-007",
    ERROR,
    "Breaks a rule of DDEX's release or business profile",
    why="DDEX's own Schematron says what a message of this profile needs beyond the schema.",
    source="DDEX Release Profile 1.4 and 2.1, Business Profile 1.4: Schematron, where its folder is given (--xsd); "
    "house: info where DDEX calls the rule conditional",
    mend="Read the clause that the finding names, or leave the profile's attribute out.",
    file_status="NewReleaseMessageInvalid",
)


def _is_release(message: Message) -> bool:
    return message.kind in RELEASE_KINDS and message.ern_version is not None


@rule(
    "XSD-002",
    ERROR,
    "Not valid for its version's schema",
    why="A recipient that checks the schema first refuses the message unread; Spotify does.",
    source="DDEX ERN schemas 3.4 to 4.3.2: header and release list; the whole schema where its folder is given (--xsd)",
    mend="Correct the part that the finding names, and check against the XSD before sending.",
    scope=Scope.MESSAGE,
    file_status="NewReleaseMessageInvalid",
)
def required_parts_are_there(message: Message) -> Iterator[Hit]:
    """Look for what every version requires of a release message."""
    if not _is_release(message):
        return
    parts = {
        "MessageCreatedDateTime": message.created_at,
        "MessageSender": message.sender.ids or message.sender.name,
        "MessageRecipient": message.recipients,
        "Release": message.releases,
    }
    for name in (name for name, value in parts.items() if not value):
        yield Hit(f"The message has no {name}, or an empty one.", top_of(message), message.message_id or message.path)


@rule(
    "XSD-003",
    WARNING,
    "AVS version unknown or newer than the one held",
    why="Allowed values that came later are not known here, so an unknown value may be right.",
    source="DDEX AVS 9 (August 2025); AvsVersionId is free text",
    mend="Nothing, if your AVS is newer; otherwise write the number of the AVS that you use.",
    scope=Scope.MESSAGE,
)
def avs_is_known(message: Message) -> Iterator[Hit]:
    """Compare AvsVersionId with the newest set held."""
    version = message.avs_version
    if version is None:
        return
    if not is_known_avs(version):
        text = f"AvsVersionId is {version[:MAX_VALUE]!r}; the newest allowed value set held is {AVS_VERSION}."
        yield Hit(text, top_of(message), message.message_id, version)


@rule(
    "XSD-004",
    INFO,
    "Version cannot carry AI disclosure",
    why="Undeclared is then no omission of the sender: the message has no place for it.",
    source="DDEX ERN 4.3.1 is the first version with ContainsAI",
    mend="Move to ERN 4.3.2 to declare.",
    scope=Scope.MESSAGE,
)
def version_can_declare(message: Message) -> Iterator[Hit]:
    """Say once for the message that its version is too old to declare."""
    if _is_release(message) and not message.can_declare:
        text = f"ERN {message.ern_version} has no place for AI disclosure."
        yield Hit(text, top_of(message), message.message_id, message.ern_version)


@rule(
    "XSD-005",
    WARNING,
    "Version below what targets accept",
    why="Spotify refuses ERN 3.7 to 4.2 since 2026-04-01.",
    source="Spotify provider support, delivery step 1 (2026-04-01); house: info unless the recipient is named so",
    mend="Move to ERN 4.3 or later; 4.3.2 carries AI disclosure too.",
    scope=Scope.MESSAGE,
)
def version_is_accepted(message: Message) -> Iterator[Hit]:
    """Compare the version with the oldest that every known target accepts."""
    if _is_release(message) and _numbers(message.ern_version or "") < (4, 3):
        is_for_spotify = any("spotify" in party.name.lower() for party in message.recipients)
        text = f"Spotify takes ERN 4.3 and later; this is {message.ern_version}."
        yield Hit(text, top_of(message), message.message_id, message.ern_version, None if is_for_spotify else INFO)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdecimal())


@rule(
    "XSD-006",
    WARNING,
    "AI disclosure where the version has none, or with a value that is not allowed",
    why="A recipient drops what its schema does not know: the declaration is lost, or the whole message is refused.",
    source="DDEX AVS 9: ContainsAI is All, None or Partly, case-sensitive; ERN 4.3.1 is the first with it",
    mend="Write All, None or Partly, in a message of ERN 4.3.1 or later.",
    scope=Scope.MESSAGE,
)
def disclosure_is_allowed(message: Message) -> Iterator[Hit]:
    """Look at ContainsAI and AiContribution as written."""
    if message.kind is MessageKind.JSON:
        return  # the submission's own form checks its values
    for subject, name, text, at in _written(message):
        if text not in LEVELS:  # white space around it is none of the schema's
            yield Hit(f"{name} is {text!r}; allowed are All, None and Partly.", at, subject, text)
        elif not message.can_declare:
            yield Hit(f"{name} stands in ERN {message.ern_version}, which does not know it.", at, subject, text)


def _written(message: Message) -> Iterator[tuple[str, str, str, Location]]:
    for release in message.releases:
        if release.disclosure.text is not None:
            yield release.key, "ContainsAI", release.disclosure.text, declared_at(release)
    for resource in resources_of(message):
        if resource.disclosure.text is not None:
            yield name_of(resource), "ContainsAI", resource.disclosure.text, declared_at(resource)
        for contribution in contributions_of(resource):
            if contribution.ai_text is not None:
                yield name_of(resource), "AiContribution", contribution.ai_text, contribution.at
