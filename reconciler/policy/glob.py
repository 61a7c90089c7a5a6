"""Matching with `*` and `?`, as IAM and this tool's patterns use them."""


def glob_matches(pattern: str, text: str) -> bool:
    """Tell whether the pattern matches the whole text; `*` crosses `/` and `:`, case counts.

    The text may itself be a pattern: then true means that everything it matches is matched by
    `pattern` too (a `?` stands for one character, so it never answers for a `*`). Runs in
    O(len(pattern) x len(text)) with no recursion, whatever the input.
    """
    p = t = 0
    star = -1
    resume = 0
    while t < len(text):
        if p < len(pattern) and pattern[p] == "*":
            star, resume = p, t
            p += 1
        elif p < len(pattern) and _one_matches(pattern[p], text[t]):
            p += 1
            t += 1
        elif star >= 0:
            resume += 1
            p, t = star + 1, resume
        else:
            return False
    return not pattern[p:].strip("*")


def has_wildcard(text: str) -> bool:
    """Tell whether the text has a `*` or a `?`."""
    return "*" in text or "?" in text


def _one_matches(wanted: str, char: str) -> bool:
    return wanted == char or (wanted == "?" and char != "*")
