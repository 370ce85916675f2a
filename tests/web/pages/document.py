"""A page as somebody reads it: title, headings, messages, forms."""

from collections.abc import Mapping
from html.parser import HTMLParser

from aiohttp import ClientResponse

_VOID = frozenset(("area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"))
Attributes = Mapping[str, str]


class Element:
    """A tag with its attributes and all the text inside it."""

    def __init__(self, tag: str, attributes: Attributes, parent: "Element | None") -> None:
        self.tag = tag
        self.attributes = attributes
        self.parent = parent
        self.pieces: list[str] = []

    @property
    def text(self) -> str:
        return " ".join("".join(self.pieces).split())

    def within(self, other: "Element") -> bool:
        return self is other or (self.parent is not None and self.parent.within(other))


class Document(HTMLParser):
    """Reads HTML strictly: every element that is opened must be closed, in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self._open: list[Element] = []
        self.feed(html)
        self.close()
        assert not self._open, f"never closed: {[each.tag for each in self._open]}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"attribute twice in {tag}: {names}"
        parent = self._open[-1] if self._open else None
        element = Element(tag, {name: value or "" for name, value in attrs}, parent)
        self.elements.append(element)
        if tag not in _VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID:
            return
        closed = self._open.pop()
        assert closed.tag == tag, f"</{tag}> closes {closed.tag}"

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.handle_endtag(tag)

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.pieces.append(data)

    def all(self, tag: str, **attributes: str) -> list[Element]:
        """The elements with this tag and these attributes, in order; class_ stands for class."""
        wanted = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
        return [
            element
            for element in self.elements
            if element.tag == tag and all(element.attributes.get(name) == wanted[name] for name in wanted)
        ]

    def one(self, tag: str, **attributes: str) -> Element:
        """The only such element."""
        (found,) = self.all(tag, **attributes)
        return found

    def inside(self, element: Element, tag: str) -> list[Element]:
        """The elements with this tag inside another one."""
        return [each for each in self.all(tag) if each.within(element)]

    @property
    def title(self) -> str:
        (title,) = self.inside(self.one("head"), "title")
        return title.text

    @property
    def heading(self) -> str:
        return self.one("h1").text

    @property
    def text(self) -> str:
        return self.one("main").text

    @property
    def alerts(self) -> list[str]:
        return [each.text for each in self.elements if each.attributes.get("role") == "alert"]

    def options(self, name: str) -> list[str]:
        """The values that a dropdown offers."""
        return [each.attributes["value"] for each in self.inside(self.one("select", name=name), "option")]

    def value(self, name: str) -> str:
        """What stands in a field of a form."""
        fields = [each for each in self.elements if each.attributes.get("name") == name]
        (field,) = [each for each in fields if each.tag in ("input", "select", "textarea")]
        match field.tag:
            case "select":
                options = self.inside(field, "option")
                chosen = [each for each in options if "selected" in each.attributes] or options[:1]
                return chosen[0].attributes["value"]
            case "textarea":
                return "".join(field.pieces).removeprefix("\n")
            case _:
                return field.attributes.get("value", "")


async def document(response: ClientResponse) -> Document:
    """The page in an answer."""
    assert response.content_type == "text/html"
    return Document(await response.text())
