"""The index gives what matching each pattern gives, and looks at few."""

from hypothesis import given
from hypothesis import strategies as st

from reconciler.policy.language.glob import GlobIndex, glob_matches

PATTERNS = st.lists(st.text("ab/*?", max_size=12), max_size=12)
NAMES = st.text("ab/*", max_size=16)


@given(PATTERNS, NAMES)
def test_it_gives_exactly_what_matches(patterns: list[str], name: str) -> None:
    index = GlobIndex(patterns)
    matching = {pattern for pattern in patterns if glob_matches(pattern, name)}
    assert index.matching(name) == matching
    assert len(matching) <= index.count(name) <= len(set(patterns))


def test_a_name_is_held_against_few() -> None:
    index = GlobIndex([f"team-{n:04}/*" for n in range(1_000)] + ["*"])
    assert index.count("team-0042/app") <= 12
    assert index.matching("team-0042/app") == {"team-0042/*", "*"}
