"""Three-valued logic: yes, no, and what can't be told (None), as Kleene has it."""

from collections.abc import Iterable

Answer = bool | None
"""None where the answer depends on something that is not known."""


def all_of(answers: Iterable[Answer]) -> Answer:
    """Tell whether all hold: one that does not settles it, whatever the others are."""
    found = set(answers)
    if False in found:
        return False
    return None if None in found else True


def any_of(answers: Iterable[Answer]) -> Answer:
    """Tell whether any holds: one that does settles it, whatever the others are."""
    return negated(all_of(map(negated, answers)))


def negated(answer: Answer) -> Answer:
    """Turn yes into no and back; what can't be told stays so."""
    return None if answer is None else not answer
