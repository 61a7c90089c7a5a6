"""What the comparison says of a document that it does not understand."""

JsonPath = tuple[str | int, ...]


class MalformedError(ValueError):
    """A policy document, or a part of it, is not understood.

    `path` leads to the place in the JSON, as keys and positions.
    """

    def __init__(self, reason: str, path: JsonPath = ()) -> None:
        super().__init__(f"{json_place(path)}: {reason}")
        self.reason = reason
        self.path = path

    def under(self, *steps: str | int) -> "MalformedError":
        """Say the same of a part, seen from the whole: the steps lead to the part.

        Readers of parts know only their own part of the path, so that reading a document that is
        understood builds no paths.
        """
        return MalformedError(self.reason, (*steps, *self.path))


def json_place(path: JsonPath) -> str:
    """Write a place in a JSON document, such as `$.Statement[0].Condition`."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return "$" + "".join(steps)
