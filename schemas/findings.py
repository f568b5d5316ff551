"""A Finding states one rule's outcome: what, where, why it matters and how to mend it."""

from enum import StrEnum

from schemas.base import Model, Part


class Severity(StrEnum):
    """How much a finding weighs before any policy raises or lowers it."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"

    @property
    def rank(self) -> int:
        """0 for the gravest, so that sorting puts it first."""
        return list(Severity).index(self)


class Location(Part):
    """Where in the input a finding points to.

    Attributes
    ----------
    path
        The file as the user named it, or relative to the delivery.
    line, column
        1-based; None where the input has no lines.
    xpath
        Path of local names with positions, e.g. ``/NewReleaseMessage/ResourceList/SoundRecording[2]``;
        a JSON pointer for JSON input.
    """

    path: str = ""
    line: int | None = None
    column: int | None = None
    xpath: str | None = None


class Finding(Model):
    """One rule's outcome on one thing.

    Attributes
    ----------
    rule
        Stable id ``AREA-NNN`` of the rule registry (docs/rules.md).
    severity
        The rule's own severity, or what a profile made of it.
    message
        What was seen, as a sentence.
    why, mend
        Why it matters; what to do about it.
    subject
        What it is about: an ISRC, a resource reference, a file name or a message id.
    value
        The offending text as it stands in the input, shortened to 200 characters.
    file_status
        The ErncFileStatus of ERN-C-SFTP that an acknowledgement would carry, if any.
    """

    rule: str
    severity: Severity
    message: str
    why: str = ""
    mend: str = ""
    subject: str = ""
    value: str | None = None
    location: Location = Location()
    file_status: str | None = None
