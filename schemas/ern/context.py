"""What the parts of the reader share while one message is read."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from lxml import etree

from schemas.disclosure import Level
from schemas.ern.node import Node
from schemas.ern.order import wrong_order
from schemas.ern.source import Refusal
from schemas.findings import Finding, Location
from schemas.release import Identified, Party
from schemas.rules import finding
from schemas.vocabularies import DISCLOSING_VERSIONS, LEVELS, SPECIAL_CONTRIBUTORS

# Each costs up to 30 microseconds and 2 kB; sixty megabytes of real messages stay below.
MAX_PLACES = 250_000

_SCHEMES = {"IpiNameNumber": "IPI", "ProprietaryId": "Proprietary"}


@dataclass(slots=True)
class Context:
    """One message's path, version, parties and findings.

    Attributes
    ----------
    parties
        By reference in ERN 4; in order of appearance, by name, in ERN 3.
    read
        Elements about AI whose content went into the message, and what is wrong with where each stands among its
        siblings; the others are strays.
    tags
        Names of all elements so far; and what those that say something about AI are meant to be.
    strays
        How many there were so far.
    """

    path: str
    version: str | None
    parties: dict[str, Party] = field(default_factory=dict)
    read: dict[etree._Element, str | None] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    places: int = 0
    tags: set[str] = field(default_factory=set)
    meant: dict[str, str] = field(default_factory=dict)
    strays: int = 0

    @property
    def can_declare(self) -> bool:
        """Whether the message's version has a place for AI disclosure."""
        return self.version in DISCLOSING_VERSIONS

    def at(self, node: Node) -> Location:
        """Point to an element.

        Raises
        ------
        Refusal
            If the message has more things to point to than a message may have.
        """
        self.places += 1
        if self.places > MAX_PLACES:
            raise Refusal(f"The message describes more than {MAX_PLACES:,} parties, recordings, files and deals.")
        return Location(path=self.path, line=node.line, xpath=node.xpath)

    def level(self, text: str | None) -> Level:
        """Understand a value of ``avs:ContainsAI``; a wrong one, or one in an older version, says nothing."""
        if text is None or not self.can_declare:
            return Level.UNDECLARED
        return LEVELS.get(text.strip(), Level.UNDECLARED)

    def take(self, node: Node) -> None:
        """Note that an element about AI goes into the message."""
        parent = node.parent if self.can_declare else None
        siblings = parent.children if parent else [node]
        names = tuple([one.name for one in siblings])
        self.read[node.element] = wrong_order(parent.name, names, siblings.index(node)) if parent else None

    def special(self, node: Node) -> str:
        """Read who stands where no party does; a value that is not allowed here stays a stray."""
        if self.can_declare and node.text in SPECIAL_CONTRIBUTORS:
            self.take(node)
        return own_value(node)

    def identified(self, node: Node, scheme: str | None = None) -> Identified:
        """Keep an identifier as written; its element's name is the scheme unless one is given."""
        return Identified(
            scheme=scheme or _SCHEMES.get(node.name, node.name),
            value=node.text,
            namespace=node.attribute("Namespace"),
            at=self.at(node),
        )

    def ids(self, nodes: Iterable[Node]) -> tuple[Identified, ...]:
        """Collect the identifiers below elements such as ``ResourceId``; empty ones are left out."""
        return tuple(self.identified(child) for node in nodes for child in node.children if child.text)

    def report(self, rule_id: str, message: str, node: Node, value: str | None = None) -> None:
        """Keep a finding about an element."""
        self.findings.append(finding(rule_id, message, at=self.at(node), subject=self.path, value=value))


def own_value(node: Node) -> str:
    """Read an allowed value; the sender's own one where the schema's is ``UserDefined``."""
    text = node.text
    return node.attribute("UserDefinedValue").strip() or text if text == "UserDefined" else text


def roles_of(nodes: Iterable[Node]) -> tuple[str, ...]:
    """Read roles: plain text up to ERN 4.3, in ``Value`` since 4.3.1."""
    values = (own_value(node.first("Value") or node) for node in nodes)
    return tuple(value for value in values if value)
