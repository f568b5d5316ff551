"""The small parts that every written message is made of."""

from collections.abc import Iterable

from lxml import etree

from schemas.errors import InvalidInput
from schemas.release import Identified, Party
from schemas.vocabularies import WRITABLE

UNKNOWN = "Unknown"


def add(parent: etree._Element, name: str, text: str | None = None, **attributes: str) -> etree._Element:
    """Append an element.

    Raises
    ------
    InvalidInput
        If a text has characters that XML cannot carry.
    """
    try:
        element = etree.SubElement(parent, name, attributes)
        element.text = text
    except ValueError as error:
        raise InvalidInput(
            f"{name} has a character that XML cannot carry.", mend="Remove control characters."
        ) from error
    return element


def add_each(parent: etree._Element, name: str, texts: Iterable[str]) -> None:
    """Append one element for each text."""
    for text in texts:
        add(parent, name, text)


def add_value(parent: etree._Element, name: str, value: str, vocabulary: str, *, namespace: str) -> None:
    """Append an allowed value, as ``UserDefined`` where the vocabulary does not have it."""
    if value in WRITABLE[vocabulary]:
        add(parent, name, value)
    else:
        add(parent, name, "UserDefined", Namespace=namespace, UserDefinedValue=value)


def add_flag(parent: etree._Element, name: str, flag: bool | None) -> None:
    """Append an ``xs:boolean`` where there is one."""
    if flag is not None:
        add(parent, name, str(flag).lower())


def add_ids(parent: etree._Element, ids: Iterable[Identified], elements: dict[str, str], *, namespace: str) -> None:
    """Append identifiers in the order of the schema.

    Parameters
    ----------
    elements
        Scheme to element name, in the schema's order. Of each scheme the first identifier is
        written; all others become ``ProprietaryId``.
    namespace
        Who vouches for a proprietary identifier that does not say it itself.
    """
    left = list(ids)
    for scheme, element in elements.items():
        one = next((one for one in left if one.scheme == scheme), None)
        if one is not None:
            left.remove(one)
            owner = {"Namespace": one.namespace or namespace} if element == "CatalogNumber" else {}
            add(parent, element, one.value, **owner)
    for one in left:
        add(parent, "ProprietaryId", one.value, Namespace=one.namespace or namespace)


class PartyBook:
    """The parties of a message, with references for those that are only named."""

    def __init__(self, parties: Iterable[Party]) -> None:
        self.parties = [party for party in parties if party.reference]

    def reference(self, name: str, reference: str | None = None) -> str:
        """Find a party by reference, else by name; one that is missing is added."""
        for party in self.parties:
            if party.reference and (party.reference == reference or (reference is None and party.name == name)):
                return party.reference
        taken = {party.reference for party in self.parties}
        new = reference or next(f"P{n}" for n in range(1, len(taken) + 2) if f"P{n}" not in taken)
        self.parties.append(Party(reference=new, name=name))
        return new
