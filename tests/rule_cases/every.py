"""What the rules are shown: for each rule with a function, nouns that trigger it and near misses."""

from rule_cases import copies, deliveries, disclosure, history, identifiers, sound, targets

CASES = {
    **disclosure.CASES,
    **identifiers.CASES,
    **deliveries.CASES,
    **sound.CASES,
    **history.CASES,
    **copies.CASES,
    **targets.CASES,
}
