"""Does a value look like a secret, or like a word, a name, a stand-in?"""

from __future__ import annotations

import re

_STAND_IN = re.compile(
    r"x{4,}|\*{3,}|\.{2}|#{4,}|(.)\1{5,}|example|changeme|change[_-]me|placeholder|redacted|replace[_-]?me|dummy"
    r"|your[_-]|[_-]here\b|insert[_-]|put[_-]your|sample|fake|random_?string|foobar"
    r"|0123456|1234567|abcdefg|bcdefgh|cdefghi|defghij|ghijklm|hijklmn|klmnop|lmnopq|nopqrs|pqrstu|qrstuv|tuvwxy|uvwxyz",
    re.I,
)
_TEMPLATE = re.compile(r"^[$<%{\[@]|\$\{|\$\(|\{\{|%\(|%[sd]\b|<[a-z]|^\*+$")
_PART = re.compile(r"[\W_]+|(?<=[a-z])(?=[A-Z])")
_PATH = re.compile(r"://|^[~.]{0,2}/|\.[a-zA-Z]{1,5}\d?$|^(?:sha\d+|md5)[-:=]")
# A UUID of version 1 is a time and a place, not a secret.
_UUID_OF_A_TIME = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-1[0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}")
# From one kind of character to another within a word; the capital that begins a word doesn't count.
_TURN = re.compile(r"(?<=[A-Za-z])(?=\d)|(?<=\d)(?=[A-Za-z])|(?<=[a-z])(?=[A-Z])")


def made_up(value: str) -> bool:
    """Whether it is plainly no secret but stands for one: `xxxx`, `your-key-here`, `12345678`."""
    return _STAND_IN.search(value) is not None


def is_random(value: str) -> bool:
    """Whether letters and digits are mixed as only a machine mixes them."""
    if len(value) < 10 or _TEMPLATE.search(value) or _PATH.search(value) or made_up(value):
        return False
    if not re.search(r"\d", value) or not re.search(r"[A-Za-z]", value) or _UUID_OF_A_TIME.fullmatch(value):
        return False
    if re.search(r"[\s(){}\[\]]", value) or len(re.findall(r"\d+", value)) < 2:
        return False
    return len(_TURN.findall(value)) >= max(3, len(value) // 9)


def passes_for_password(value: str) -> bool:
    """Whether somebody may have chosen it as a password: no words, no name, no path, no stand-in."""
    if not 6 <= len(value) <= 256 or re.search(r"\s|[(){}<>\[\]]", value):
        return False
    if _TEMPLATE.search(value) or _PATH.search(value) or made_up(value):
        return False
    return not all(not part or part.isalpha() or (part.isdigit() and len(part) < 5) for part in _PART.split(value))
