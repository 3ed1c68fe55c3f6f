"""Secrets and personal data out, stable placeholders in; the same values can be put back into a reply."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import partial

# Shapes of secrets with a fixed prefix or frame, as their makers document them; checked in this order.
SECRETS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("KEY", re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END [A-Z ]*PRIVATE KEY-----", re.S)),
    ("ANTHROPIC_KEY", re.compile(r"\bsk-ant-[A-Za-z0-9_-]{16,}")),
    ("API_KEY", re.compile(r"\bsk-(?:proj-)?[A-Za-z0-9_-]{20,}")),
    ("GITHUB_TOKEN", re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{40,})")),
    ("DISCORD_TOKEN", re.compile(r"\b[MNO][A-Za-z0-9_-]{22,28}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,45}")),
    ("DISCORD_WEBHOOK", re.compile(r"https://(?:\w+\.)?discord(?:app)?\.com/api/webhooks/\d+/[\w-]+")),
    ("AWS_KEY", re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b")),
    ("GOOGLE_KEY", re.compile(r"\bAIza[A-Za-z0-9_-]{35}")),
    ("SLACK_TOKEN", re.compile(r"\bxox[abpr]-[A-Za-z0-9-]{10,}")),
    ("JWT", re.compile(r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}")),
    ("URL_PASSWORD", re.compile(r"(?<=://)[^\s/:@'\"]{1,64}:[^\s/:@'\"]{3,128}(?=@)")),
    (
        "SECRET",
        re.compile(
            r"(?i)(?:password|passwd|secret|token|api[_-]?key)[\"']?\s{0,3}[=:]\s{0,3}[\"']?"
            r"(?P<value>(?=[^\s\"']{0,60}\d)[A-Za-z0-9+/_=!@#$%^&*-]{12,128})(?=[\s\"',;]|$)"
        ),
    ),
)
PERSONAL: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("EMAIL", re.compile(r"\b[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{2,63}){1,4}\b")),
    ("DISCORD_ID", re.compile(r"(?<![\d.])\d{17,20}(?![\d.])")),
    ("IP", re.compile(r"(?<![\d.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\d.])")),
)
# Addresses that name no one.
HARMLESS_IP = re.compile(r"^(?:0\.0\.0\.0|127\.\d+\.\d+\.\d+|255\.255\.255\.255)$")


@dataclass
class Redaction:
    """What was taken out of one exchange: value by placeholder, so that a reply can be made whole again."""

    values: dict[str, str] = field(default_factory=dict)

    @property
    def counts(self) -> dict[str, int]:
        """How many values of each kind were taken out."""
        found: dict[str, int] = {}
        for placeholder in self.values:
            kind = placeholder[1:-1].rsplit("_", 1)[0]
            found[kind] = found.get(kind, 0) + 1
        return found

    def apply(self, text: str, *, personal: bool = True) -> str:
        """The text with placeholders such as `<EMAIL_1>`; the same value always gets the same one."""
        for kind, pattern in SECRETS + (PERSONAL if personal else ()):
            text = pattern.sub(partial(self._replace, kind), text)
        return text

    def restore(self, text: str) -> str:
        """Put the values back."""
        for placeholder, value in self.values.items():
            text = text.replace(placeholder, value)
        return text

    def _replace(self, kind: str, match: re.Match[str]) -> str:
        value = match.groupdict().get("value") or match[0]
        return match[0].replace(value, self._placeholder(kind, value))

    def _placeholder(self, kind: str, value: str) -> str:
        if kind == "IP" and HARMLESS_IP.match(value):
            return value
        for placeholder, known in self.values.items():
            if known == value:
                return placeholder
        number = 1 + sum(placeholder.startswith(f"<{kind}_") for placeholder in self.values)
        placeholder = f"<{kind}_{number}>"
        self.values[placeholder] = value
        return placeholder


def redact(text: str, *, personal: bool = False) -> str:
    """One-way redaction, for logs, events and test output."""
    return Redaction().apply(text, personal=personal)
