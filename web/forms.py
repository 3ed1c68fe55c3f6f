"""What a form is written in: UTF-8, as browsers send it; what it is decoded with is not its sender's choice."""

from __future__ import annotations

from aiohttp import BodyPartReader, MultipartReader

from haven.errors import BadInput

FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})
READ = frozenset({"utf-8", "utf8", "us-ascii", "ascii"})


class WrongType(BadInput):
    """The body is of a kind that nobody reads here."""


def check_charset(name: str | None) -> None:
    """Python knows codecs that take minutes over what fits in a form. Raises WrongType."""
    if name is not None and name.strip().casefold() not in READ:
        raise WrongType(f"A form in {name[:40]!r} is not read here.", "Send it in UTF-8.")


class Part(BodyPartReader):
    """One field of a form; each may name a charset of its own."""

    def get_charset(self, default: str) -> str:
        found = super().get_charset(default)
        check_charset(found)
        return found


MultipartReader.part_reader_cls = Part
