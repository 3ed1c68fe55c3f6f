"""Checks of HTML pages: whole, well nested, readable by everybody, and calling nobody outside."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from haven.ai.checks.base import BAD, FAILS, FATAL, SLIGHT, Draft, Finding, listed
from haven.ai.checks.parsed import bounded

_VOIDS = "area base br col embed hr img input link meta source track wbr param"
_VOID = frozenset(_VOIDS.split())
_RAW = frozenset(("script", "style", "textarea", "title"))
# End tags that the HTML standard lets a page leave out.
_OPTIONALS = "li p dt dd option optgroup tr td th thead tbody tfoot colgroup caption rt rp"
_OPTIONAL = frozenset(_OPTIONALS.split())
_SHAPES = "svg path circle rect line g polygon polyline ellipse use stop text defs"
_FOREIGN = frozenset(_SHAPES.split())
_TAG = re.compile(r"<(/?)([a-zA-Z][\w:-]*)((?:[^>\"']|\"[^\"]*+\"|'[^']*+')*+)>")
_ATTRIBUTE = re.compile(r"([^\s=/\"'>]++)(?:\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([^\s\"'>]++)))?")
_OUTSIDE = re.compile(r"\s*(?:https?:)?//", re.I)
_WANTS_OUTSIDE = re.compile(
    r"\b(?:cdn|external|bootstrap|tailwind|htmx|jquery|react|vue|leaflet|d3|three\.?js|fonts?)\b", re.I
)
_PLACEHOLDER = re.compile(
    r"lorem ipsum|\bTODO\b|<!--\s*(?:your|add|more|content|rest)\b|\[(?:your|insert)[^\]\n]{0,40}\]", re.I
)
MOST_NESTED = 200


@dataclass(frozen=True)
class Tag:
    name: str
    closes: bool
    attributes: dict[str, str]
    line: int
    alone: bool


def page(draft: Draft) -> Iterator[Finding]:
    """A whole page, from its doctype to its last tag."""
    blocks = [block for block in draft.blocks if block.language in ("", "html", "htm", "xhtml")]
    text = bounded(max((block.text for block in blocks), key=len) if blocks else draft.text, "the page")
    if not re.search(r"<[a-zA-Z!]", text):
        yield Finding(FATAL, "no HTML in it")
        return
    if not blocks and not text.lstrip().startswith("<"):
        yield Finding(SLIGHT, "words before the page")
    yield from markup(text, whole=True, outside=draft.asked(_WANTS_OUTSIDE))
    if _PLACEHOLDER.search(text):
        yield Finding(35, "a placeholder instead of content")


def markup(text: str, *, whole: bool, outside: bool = False) -> Iterator[Finding]:
    """`whole`: a page and not a part of one; `outside`: it may load scripts from elsewhere."""
    tags, broken = _tags(text)
    if broken:
        yield Finding(FAILS, broken)
    yield from _nested(tags, broken != "")
    if whole:
        yield from _whole(text, tags)
    for tag in tags:
        source = tag.attributes.get("src", tag.attributes.get("href", ""))
        if tag.name in ("script", "link", "iframe") and _OUTSIDE.match(source) and not outside:
            yield Finding(35, f"line {tag.line}: loads a {tag.name} from outside, which was not asked for")
            break
    bare = [str(tag.line) for tag in tags if tag.name == "img" and "alt" not in tag.attributes]
    if bare:
        yield Finding(15, f"an image without alt text on line {listed(bare)}")
    idents = [tag.attributes["id"] for tag in tags if tag.attributes.get("id")]
    double = [one for one, times in Counter(idents).items() if times > 1]
    if double:
        yield Finding(SLIGHT, f"the same id more than once: {listed(double)}")


def _tags(text: str) -> tuple[list[Tag], str]:
    """All tags in order, and what is broken where reading had to stop. Linear: nothing is looked for twice."""
    found: list[Tag] = []
    place, line, counted = 0, 1, 0
    lower = text.lower()
    while (place := text.find("<", place)) >= 0:
        line += text.count("\n", counted, place)
        counted = place
        if text.startswith("<!--", place):
            place = text.find("-->", place + 4)
            if place < 0:
                return found, f"line {line}: a comment is never closed"
            continue
        if text.startswith(("<!", "<?"), place):
            place += 2
            continue
        if not text[place + 1 : place + 3].strip("/")[:1].isalpha():
            place += 1
            continue
        match = _TAG.match(text, place)
        if match is None:
            return found, f"line {line}: a tag is never closed"
        name = match[2].lower()
        attributes = {one[0].lower(): one[1] or one[2] or one[3] for one in _ATTRIBUTE.findall(match[3])}
        found.append(Tag(name, bool(match[1]), attributes, line, match[3].rstrip().endswith("/")))
        place = match.end()
        if name in _RAW and not match[1]:
            place = lower.find(f"</{name}", place)
            if place < 0:
                return found, f"line {line}: <{name}> is never closed"
    return found, ""


def _nested(tags: list[Tag], broken: bool) -> Iterator[Finding]:
    """The first tag that is left open, or closes nothing."""
    opened: list[Tag] = []
    for tag in tags:
        if tag.name in _VOID or (tag.alone and (tag.name in _FOREIGN or ":" in tag.name)):
            continue
        if not tag.closes:
            opened.append(tag)
            if len(opened) > 4 * MOST_NESTED:
                yield Finding(FAILS, f"line {tag.line}: nested too deep")
                return
            continue
        while opened and opened[-1].name != tag.name and opened[-1].name in _OPTIONAL:
            opened.pop()
        if not opened or opened[-1].name != tag.name:
            if any(one.name == tag.name for one in opened):
                yield Finding(FAILS, f"line {opened[-1].line}: <{opened[-1].name}> is not closed before </{tag.name}>")
            else:
                yield Finding(FAILS, f"line {tag.line}: </{tag.name}> closes nothing")
            return
        opened.pop()
    left = [tag for tag in opened if tag.name not in _OPTIONAL | {"html", "body", "head"}]
    if left and not broken:
        yield Finding(FAILS, f"line {left[-1].line}: <{left[-1].name}> is never closed")
    elif [tag for tag in opened if tag.name in ("html", "body", "head")]:
        yield Finding(BAD, "the page's end is missing")


def _whole(text: str, tags: list[Tag]) -> Iterator[Finding]:
    names = {tag.name for tag in tags}
    if not text.lstrip()[:20].lower().startswith("<!doctype html"):
        yield Finding(15 if "<!doctype" in text.lower() else BAD, "does not begin with <!doctype html>")
    if missing := [name for name in ("html", "head", "title", "body") if name not in names]:
        yield Finding(35, f"no {listed([f'<{one}>' for one in missing])}")
    html = next((tag for tag in tags if tag.name == "html" and not tag.closes), None)
    if html and not html.attributes.get("lang"):
        yield Finding(SLIGHT, "<html> names no language")
    if "meta" not in names:
        yield Finding(5, "no <meta charset>")
    title = re.search(r"<title[^>]{0,200}>([^<]{0,300})", text, re.I)
    if title and not title[1].strip():
        yield Finding(BAD, "an empty <title>")
    body = text.lower().find("<body")
    if body >= 0 and len(re.sub(r"<[^>]{0,500}>", " ", text[body : body + 20_000]).split()) < 3:
        yield Finding(FAILS, "nothing to read on the page")
