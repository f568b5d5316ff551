"""The rule registry: one small function per rule, each with id, source and mend.

Importing this package registers every rule. `registry.run` evaluates the rules of a scope;
docs/rules.md is generated from what is registered.
"""

from schemas.rules import (
    contributions,
    copies,
    disclosure,
    files,
    history,
    identifiers,
    names,
    package,
    provenance,
    schema,
    spam,
    targets,
    technical,
)
from schemas.rules.registry import RULES, Hit, Rule, Scope, ask, finding, run

__all__ = [
    "RULES",
    "Hit",
    "Rule",
    "Scope",
    "ask",
    "contributions",
    "copies",
    "disclosure",
    "files",
    "finding",
    "history",
    "identifiers",
    "names",
    "package",
    "provenance",
    "run",
    "schema",
    "spam",
    "targets",
    "technical",
]
