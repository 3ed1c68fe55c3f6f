"""Secrets and personal data out, stable placeholders in; the same values can be put back into a reply."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

Patterns = tuple[tuple[str, re.Pattern[str]], ...]

# Shapes of secrets with a fixed prefix or frame, as their makers document them; the first named wins where two overlap.
# A literal comes first, its word boundary after it: ten times as fast.
SECRETS: Patterns = (
    (
        "KEY",  # to its end, or as far as a cut text still has it
        re.compile(
            r"-----BEGIN [A-Z ]{0,20}PRIVATE KEY(?: BLOCK)?-----"
            r"(?:.{0,20000}?-----END [A-Z ]{0,20}PRIVATE KEY(?: BLOCK)?-----|[\sA-Za-z0-9+/=\\]*)",
            re.S,
        ),
    ),
    ("ANTHROPIC_KEY", re.compile(r"sk-ant-(?<=\bsk-ant-)[A-Za-z0-9_-]{16,}")),
    ("API_KEY", re.compile(r"sk-(?<=\bsk-)(?:proj-)?[A-Za-z0-9_-]{20,}")),
    ("GITHUB_TOKEN", re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{40,})")),
    ("DISCORD_TOKEN", re.compile(r"\b[MNO][A-Za-z0-9_-]{22,28}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,45}")),
    ("DISCORD_WEBHOOK", re.compile(r"https://(?:\w+\.)?discord(?:app)?\.com/api/webhooks/\d+/[\w-]+")),
    ("AWS_KEY", re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b")),
    ("GOOGLE_KEY", re.compile(r"AIza(?<=\bAIza)[A-Za-z0-9_-]{35}")),
    ("SLACK_TOKEN", re.compile(r"\b(?:xox[a-z]|xapp)-[A-Za-z0-9-]{10,}")),
    ("JWT", re.compile(r"eyJ(?<=\beyJ)[\w-]{10,}\.eyJ[\w-]{10,}(?:\.[\w-]{10,})?")),
    (
        "TOKEN",  # other makers' prefixes
        re.compile(
            r"\b(?:gl(?:pat|ptt|oas|soat|cbt|dt|rt)-|npm_|pypi-AgEI|do[opr]_v1_|hv[bs]\.|[rs]k_(?:live|test|prod)_|SG\."
            r"|shp(?:at|ca|pa|ss)_|ntn_|sntrys_|rubygems_|pul-|sgp_|pscale_(?:tkn|oauth|pw)_|xkeysib-|PMAK-|ATATT3"
            r"|dt0c01\.|hf_|ops_eyJ|tfp_|NR(?:AK|II|JS)-|dapi|AGE-SECRET-KEY-|lin_api_|LTAI|AKCp|rdme_)"
            r"(?=[\w.=~/+-]{0,60}\d)[\w.=~/+-]{14,2000}"
        ),
    ),
    (
        "AUTHORIZATION",
        re.compile(
            r"(?i)\bauthorization[\"']?\s{0,3}[:=]\s{0,3}[\"']?(?:(?:basic|bearer|bot|token|api-token)\s{1,3})?"
            r"(?P<value>[A-Za-z0-9+/=_.~-]{12,2000})"
        ),
    ),
    ("URL_PASSWORD", re.compile(r"(?<=://)[^\s/:@'\"]{1,64}:[^\s/:@'\"]{3,128}(?=@)")),
    (
        "SECRET",
        re.compile(
            r"(?i)(?:password|passwd|secret|token|api[_-]?key)[\"']?\s{0,3}[=:]\s{0,3}[\"']?"
            r"(?P<value>(?=[^\s\"']{0,60}\d)[A-Za-z0-9+/_=!@#$%^&*-]{12,128})(?=[\s\"',;]|$)"
        ),
    ),
)
PERSONAL: Patterns = (
    ("EMAIL", re.compile(r"\b[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{2,63}){1,4}\b")),
    ("DISCORD_ID", re.compile(r"(?<![\d.])\d{17,20}(?![\d.])")),
    ("IP", re.compile(r"(?<![\d.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\d.])")),
)
# Addresses that name no one.
HARMLESS_IP = re.compile(r"^(?:0\.0\.0\.0|127\.\d+\.\d+\.\d+|255\.255\.255\.255)$")


PLACEHOLDER = re.compile(r"<[A-Z_]+_[0-9]+>")
LITERAL = "LITERAL"
"""Kind of what only looked like a placeholder: replaced too, so that it comes back as it was."""


@dataclass
class Redaction:
    """What was taken out of one exchange: value by placeholder, so that a reply can be made whole again."""

    values: dict[str, str] = field(default_factory=dict)

    @property
    def counts(self) -> dict[str, int]:
        """How many values of each kind were taken out."""
        kinds = Counter(placeholder[1:-1].rpartition("_")[0] for placeholder in self.values)
        return {kind: count for kind, count in kinds.items() if kind != LITERAL}

    def apply(self, text: str, *, personal: bool = True) -> str:
        """The text with placeholders such as `<EMAIL_1>`; the same value always gets the same one."""
        patterns = (*SECRETS, *(PERSONAL if personal else ()), (LITERAL, PLACEHOLDER))
        return _replaced(text, patterns, self._placeholder)

    def restore(self, text: str) -> str:
        """Put the values back, in one pass: what a value itself contains is not looked at again."""
        return PLACEHOLDER.sub(lambda match: self.values.get(match[0], match[0]), text)

    def _placeholder(self, kind: str, value: str) -> str:
        for placeholder, known in self.values.items():
            if known == value:
                return placeholder
        number = 1 + sum(placeholder.startswith(f"<{kind}_") for placeholder in self.values)
        placeholder = f"<{kind}_{number}>"
        self.values[placeholder] = value
        return placeholder


def redact(text: str, *, personal: bool = False) -> str:
    """One-way redaction, for logs, events and test output; placeholders that are there already stay."""
    return _replaced(text, (*SECRETS, *(PERSONAL if personal else ())), Redaction()._placeholder)


def _replaced(text: str, patterns: Patterns, placeholder: Callable[[str, str], str]) -> str:
    """Each stretch of the original text that a pattern finds, replaced once; overlapping ones are one stretch."""
    parts, at = [], 0
    for start, end, kind in _stretches(text, patterns):
        parts += [text[at:start], placeholder(kind, text[start:end])]
        at = end
    return "".join([*parts, text[at:]])


def _stretches(text: str, patterns: Patterns) -> list[tuple[int, int, str]]:
    """Start, end and kind, in order; where patterns overlap, the kind of the one named first."""
    found: list[tuple[int, int, int]] = []
    for rank, (kind, pattern) in enumerate(patterns):
        for match in pattern.finditer(text):
            start, end = match.span("value" if "value" in pattern.groupindex else 0)
            if not (kind == "IP" and HARMLESS_IP.match(match[0])):
                found.append((start, end, rank))
    joined: list[tuple[int, int, int]] = []
    for start, end, rank in sorted(found):
        if joined and start < joined[-1][1]:
            first, last, best = joined.pop()
            start, end, rank = first, max(last, end), min(best, rank)
        joined.append((start, end, rank))
    return [(start, end, patterns[rank][0]) for start, end, rank in joined]
