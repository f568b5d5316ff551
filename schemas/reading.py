"""What a reader returns: the message if it could be read, and what there was to say."""

from schemas.base import Model
from schemas.findings import Finding
from schemas.release import Message


class Reading(Model):
    """A message as far as it could be read.

    Attributes
    ----------
    message
        None where the bytes could not be read at all; the findings then say why.
    findings
        What only the reader sees; rules over the message come later.
    """

    message: Message | None = None
    findings: tuple[Finding, ...] = ()
