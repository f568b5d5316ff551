"""ISO Schematron to XSLT 3: the part of the language that rule sets of DDEX are written in.

Patterns, rules, assertions and reports with ``value-of``, ``name`` and ``let``. A set that uses anything else
(phases, abstract patterns, inclusions) is refused in words, never half understood; so is one that reads other
documents, as nothing outside the message is looked at.
"""

import re
from collections.abc import Iterator

from lxml import etree

SCHEMATRON = "http://purl.oclc.org/dsdl/schematron"
XSLT = "http://www.w3.org/1999/XSL/Transform"
RESULT = "failure"

_OUTSIDE = re.compile(r"\b(?:document|doc|collection|unparsed-text(?:-lines)?|json-doc|environment-variable)\s*\(")
_PLAIN = {"title", "p", "ns"}  # of the schema, besides patterns
_INLINE = {"emph", "span", "dir"}


class Unsupported(Exception):
    """What of Schematron a set uses that is not known here; it never leaves `schemas.ern`."""


def to_stylesheet(data: bytes) -> str:
    """Compile a set.

    Parameters
    ----------
    data
        The set as published.

    Returns
    -------
    str
        A stylesheet that makes of a message one element `RESULT` for each failed assertion and each successful
        report: text, ``role``, and ``at``, the path of what it is about.

    Raises
    ------
    Unsupported
        The bytes are no Schematron, or one that uses more of the language.
    """
    schema = _parsed(data)
    namespaces = {_needed(ns, "prefix"): _needed(ns, "uri") for ns in schema.iter(f"{{{SCHEMATRON}}}ns")}
    inherited = {prefix: uri for prefix, uri in schema.nsmap.items() if prefix and uri not in (SCHEMATRON, XSLT)}
    sheet = etree.Element(f"{{{XSLT}}}stylesheet", nsmap={**inherited, **namespaces, "xsl": XSLT}, version="3.0")
    patterns = list(_patterns(schema))
    calls = [_x("apply-templates", select="/", mode=f"p{number}") for number in range(len(patterns))]
    sheet.append(_x("template", etree.Element("failures"), match="/"))
    sheet[0][0].extend(calls)
    for number, pattern in enumerate(patterns):
        sheet.append(_x("mode", name=f"p{number}", on_no_match="shallow-skip"))
        sheet.extend(_templates(pattern, f"p{number}"))
    return etree.tostring(sheet, encoding="unicode")


def _x(name: str, /, *children: etree._Element, **attributes: str) -> etree._Element:
    """Make an element of XSLT; ``on_no_match`` is written ``on-no-match``."""
    element = etree.Element(f"{{{XSLT}}}{name}", {key.replace("_", "-"): value for key, value in attributes.items()})
    element.extend(children)
    return element


def _parsed(data: bytes) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True)
    try:
        schema = etree.fromstring(data.strip(), parser)  # a published one begins with a space
    except etree.XMLSyntaxError as error:
        raise Unsupported(f"it is no XML: {error}") from error
    if schema.tag != f"{{{SCHEMATRON}}}schema":
        raise Unsupported("it is no ISO Schematron")
    return schema


def _children(element: etree._Element) -> Iterator[tuple[str, etree._Element]]:
    """Yield the elements inside another, by local name; others than Schematron's are refused."""
    for child in element:
        name = etree.QName(child)
        if name.namespace != SCHEMATRON:
            raise Unsupported(f"it has <{name.localname}> of another language")
        yield name.localname, child


def _patterns(schema: etree._Element) -> Iterator[etree._Element]:
    for name, child in _children(schema):
        if name == "pattern" and not child.get("abstract") and not child.get("is-a"):
            yield child
        elif name not in _PLAIN:
            raise Unsupported(f"it has <{name}>, which is not supported")


def _templates(pattern: etree._Element, mode: str) -> Iterator[etree._Element]:
    """Write one template a rule; of the rules that fit an element, Schematron takes the first."""
    rules = [child for name, child in _children(pattern) if name == "rule"]
    others = {name for name, _ in _children(pattern)} - {"rule", "p", "title"}
    if others:
        raise Unsupported(f"a pattern has <{min(others)}>, which is not supported")
    for place, rule in enumerate(rules):
        match = _checked(_needed(rule, "context"))
        template = _x("template", match=match, mode=mode, priority=str(len(rules) - place))
        template.extend(_checks(rule))
        template.append(_x("apply-templates", select="@*|node()", mode=mode))
        yield template


def _checks(rule: etree._Element) -> Iterator[etree._Element]:
    for name, child in _children(rule):
        if name == "let":
            yield _x("variable", name=_needed(child, "name"), select=_checked(_needed(child, "value")))
        elif name in ("assert", "report"):
            test = _checked(_needed(child, "test"))
            result = etree.Element(RESULT, role=child.get("role") or rule.get("role") or "error", at="{path()}")
            _write(child, result)
            yield _x("if", result, test=f"not({test})" if name == "assert" else test)
        elif name != "p":
            raise Unsupported(f"a rule has <{name}>, which is not supported")


def _write(source: etree._Element, result: etree._Element) -> None:
    """Copy what an assertion says; its values are asked for when it fails."""
    _say(result, source.text)
    for name, child in _children(source):
        if name == "value-of":
            result.append(_x("value-of", select=_checked(_needed(child, "select"))))
        elif name == "name":
            result.append(_x("value-of", select=_checked(child.get("path") or "name()")))
        elif name in _INLINE:
            _say(result, text_of(child))
        else:
            raise Unsupported(f"an assertion has <{name}>, which is not supported")
        _say(result, child.tail)


def text_of(element: etree._Element) -> str:
    """Join all text inside an element."""
    return "".join(str(text) for text in element.itertext())


def _say(result: etree._Element, text: str | None) -> None:
    if text:
        words = _x("text")
        words.text = text
        result.append(words)


def _checked(expression: str) -> str:
    if _OUTSIDE.search(expression):
        raise Unsupported("it reads other documents")
    return expression


def _needed(element: etree._Element, name: str) -> str:
    value = element.get(name)
    if not value:
        raise Unsupported(f"<{etree.QName(element).localname}> has no {name}")
    return value
