"""A statement of reasons in words: what pages show of it, and mails say."""

from schemas.cases import StatementOfReasons

LED = {
    "voluntary": "our own checks",
    "notice": "a notice that somebody sent us",
    "trusted_flagger": "a notice of a trusted flagger",
    "other": "something else that we were told",
}


def parts(statement: StatementOfReasons) -> tuple[tuple[str, str], ...]:
    """Say a statement part by part, each with what it is: letters (b) to (f) of Art. 17(3), where, and until when."""
    found = "found by automated means" if statement.automated_detection else "found by a person"
    decided = "decided by automated means" if statement.automated_decision else "decided by a person"
    return (
        ("Facts", statement.facts),
        ("What led to it", LED[statement.source]),
        ("Ground", f"{statement.ground} ({'a law' if statement.is_illegal_content else 'our terms'})"),
        ("Why the facts fall under it", statement.explanation),
        ("Where", ", ".join(statement.territories)),
        ("Until", f"{statement.ends_at:%Y-%m-%d}" if statement.ends_at else "open end"),
        ("Automated means", f"It was {found} and {decided}."),
        ("Redress", statement.redress),
    )
