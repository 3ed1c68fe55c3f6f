"""What pydantic found wrong, said to a person: what a value must be, and no word about Python."""

from __future__ import annotations

from collections.abc import Mapping
from tomllib import TOMLDecodeError
from typing import Any

WANTED = {
    "bool": "true or false",
    "int": "a whole number",
    "float": "a number",
    "finite": "a finite number",
    "string": "text in quotes",
    "path": "the path of a folder, in quotes",
    "tuple": "a list",
    "list": "a list",
    "set": "a list",
    "frozen": "a list",
    "dict": "a section of its own",
    "model": "a section of its own",
}
"""By the first word of pydantic's name for what is wrong."""


def wrong_value(error: Mapping[str, Any]) -> str:
    """One error of `ValidationError.errors()` as words that go on after its key: `it must be a number`."""
    kind, about = str(error["type"]), error.get("ctx", {})
    match kind:
        case "extra_forbidden":
            return "there is no such setting"
        case "missing":
            return "it is missing"
        case "value_error":
            return str(error["msg"]).removeprefix("Value error, ").rstrip(".")
        case "literal_error" | "enum":
            return f"it must be {about['expected']}"
        case "greater_than_equal":
            return f"it must be {about['ge']} or more"
        case "greater_than":
            return f"it must be more than {about['gt']}"
        case "less_than_equal":
            return f"it must be {about['le']} or less"
        case "less_than":
            return f"it must be less than {about['lt']}"
        case "too_short" | "string_too_short":
            return "it must not be empty"
        case "string_too_long":
            return f"it must have {about['max_length']} characters or fewer"
        case "too_long":
            what = "characters" if isinstance(error.get("input"), str) else "entries"
            return f"it must have {about['max_length']} {what} or fewer"
        case "string_pattern_mismatch":
            web = "https?" in about["pattern"]
            return (
                f"it must be {'an address such as http://pi:11434, without a password' if web else 'written otherwise'}"
            )
    wanted = WANTED.get(kind.split("_")[0])
    return f"it must be {wanted}" if wanted else "it can't be used"


def not_toml(error: TOMLDecodeError | UnicodeDecodeError) -> str:
    """Why a file can't be read as TOML."""
    return "it is not UTF-8 text" if isinstance(error, UnicodeDecodeError) else str(error).rstrip(".")
