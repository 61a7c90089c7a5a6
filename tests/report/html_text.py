"""An HTML page as a parser sees it: its elements, and its text."""

from html.parser import HTMLParser

INVISIBLE = {"style", "script", "title"}


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[str] = []
        self.text: list[str] = []
        self.raw: dict[str, str] = {}
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = tag
        self.elements.append(" ".join([tag, *(name for name, _ in attrs)]))
        for name, value in attrs:
            if name == "content" and value and value.startswith("default-src"):
                self.raw["policy"] = value

    def handle_data(self, data: str) -> None:
        if self._inside in INVISIBLE:
            kind = self._inside + ("" if self._inside not in self.raw else "2")
            self.raw[kind] = data
        else:
            self.text.append(data)

    def handle_endtag(self, tag: str) -> None:
        self.elements.append(f"/{tag}")
        self._inside = ""

    def handle_comment(self, data: str) -> None:
        self.elements.append(f"comment {data}")

    def handle_decl(self, decl: str) -> None:
        self.elements.append(f"declaration {decl}")


def _read(page: str) -> _Reader:
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return reader


def elements_of(page: str) -> list[str]:
    """Every start tag with the names of its attributes, and every end tag, in order."""
    return _read(page).elements


def text_of(page: str) -> str:
    """The visible text, folded parts included, blanks made one."""
    return " ".join(" ".join(_read(page).text).split())


def raw_of(page: str) -> dict[str, str]:
    """The text of `style` and of `script` (the data) and `script2` (the code), and the `policy`."""
    return _read(page).raw
