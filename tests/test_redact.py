"""Secrets out, and back as they were: whatever the text already contains."""

from __future__ import annotations

import re
import sys
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haven.redact import Redaction, redact

KEY = "sk-ant-api03-" + "A1b2" * 8
GITHUB = "ghp_" + "a1B2" * 9
DISCORD = "MTAyOTQ4MTN5OTU5MTDwMEcx" + ".GSwJyi." + "s" * 38
WEBHOOK = "https://discord.com/api/webhooks/123456789012345678/" + "w" * 60
PRIVATE = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA0\nabc+/=\n-----END RSA PRIVATE KEY-----"

FOUND = {
    KEY: "ANTHROPIC_KEY",
    GITHUB: "GITHUB_TOKEN",
    DISCORD: "DISCORD_TOKEN",
    WEBHOOK: "DISCORD_WEBHOOK",
    PRIVATE: "KEY",
    "AKIA" + "Z7" * 8: "AWS_KEY",
    "glpat-" + "x1Y2" * 5: "TOKEN",
    "eyJ0eXAiOiJKV1QiLCJhbGci.eyJuYW1lIjoiSm9lIiwK.c2lnbmF0dXJlLXRleHQ": "JWT",
    "mika@example.org": "EMAIL",
    "123456789012345678": "DISCORD_ID",
    "192.168.7.20": "IP",
}
LABELLED = [
    ("password = 'hunter2hunter2'", "hunter2hunter2"),
    ("MY_API_KEY=abc123def456ghi", "abc123def456ghi"),
    ("postgres://haven:s3cr3t!@db/atlas", "s3cr3t!"),
    ('{"Authorization": "Bearer abc123.def456.ghi"}', "abc123.def456.ghi"),
    ("-----BEGIN PRIVATE KEY-----\nMIIEpAIBAAKCAQEA0cut off here", "MIIEpAIBAAKCAQEA0"),
]
HARMLESS = [
    '+@pytest.mark.skip(reason="flaky")\n-@app.command()',
    "token = tokens.count(text)",
    "password = getpass('Password: ')",
    "SECRET_NAME = 'discord_token'",
    "sha256 b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    "commit 0123456789abcdef0123456789abcdef01234567 of 2026-10-01",
    "a risk-assessment-of-the-whole-flight-plan",
    "Listening on 127.0.0.1 and 0.0.0.0",
    "version 1.2.3 of 10,000 stars",
]


@pytest.mark.parametrize(("value", "kind"), FOUND.items(), ids=FOUND.values())
def test_each_kind_is_found_and_comes_back(value: str, kind: str) -> None:
    redaction = Redaction()
    sent = redaction.apply(f'said "{value}" and again {value} .')
    assert sent == f'said "<{kind}_1>" and again <{kind}_1> .'
    assert redaction.counts == {kind: 1}
    assert redaction.restore(sent) == f'said "{value}" and again {value} .'


@pytest.mark.parametrize(("text", "value"), LABELLED)
def test_values_that_only_their_label_betrays(text: str, value: str) -> None:
    redaction = Redaction()
    assert value not in redaction.apply(text) and value not in redact(text)
    assert redaction.restore(redaction.apply(text)) == text


@pytest.mark.parametrize("text", HARMLESS)
def test_plain_text_and_code_stay(text: str) -> None:
    assert Redaction().apply(text) == text


def test_the_same_value_has_the_same_placeholder_in_every_part() -> None:
    redaction = Redaction()
    assert redaction.apply("a@example.org, b@example.org") == "<EMAIL_1>, <EMAIL_2>"
    assert redaction.apply("b@example.org") == "<EMAIL_2>"


def test_text_that_contains_a_placeholder_already_is_not_mixed_up() -> None:
    redaction = Redaction()
    text = "Write to <EMAIL_1>, not to mika@example.org; <EMAIL_2> stays."
    sent = redaction.apply(text)
    assert "mika" not in sent and redaction.restore(sent) == text
    later = redaction.apply("and rena@example.org")
    assert redaction.restore(f"{sent} {later}") == f"{text} and rena@example.org"
    assert redaction.counts == {"EMAIL": 2}, "what only looked like one is not told as taken out"


def test_a_placeholder_that_the_model_made_up_stays() -> None:
    assert Redaction().restore("<EMAIL_7> and <b>") == "<EMAIL_7> and <b>"


def test_overlapping_secrets_are_one_stretch_and_no_end_shows() -> None:
    redaction = Redaction()
    text = f"https://mika:{KEY}@example.org/ password={GITHUB}mika@example.org"
    sent = redaction.apply(text)
    assert not any(part in sent for part in (KEY, GITHUB, "mika", KEY[-8:], GITHUB[-8:]))
    assert redaction.restore(sent) == text


def test_one_way_redaction_twice_is_the_same_as_once() -> None:
    once = redact(f"{KEY} <EMAIL_1> mika@example.org")
    assert once == "<ANTHROPIC_KEY_1> <EMAIL_1> mika@example.org" and redact(once) == once


PIECES = st.one_of(
    st.sampled_from([*FOUND, *(text for text, _ in LABELLED)]),
    st.sampled_from(["<EMAIL_1>", "<LITERAL_1>", "<LITERAL_2>", "<ANTHROPIC_KEY_1>", "<EMAIL_", "1>", "<", ">", "_1>"]),
    st.sampled_from(["password=", "://", ":", "@", ".", "-", " ", "\n", '"']),
    st.text(max_size=12),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(PIECES, max_size=8).map("".join), min_size=1, max_size=3))
def test_every_text_comes_back_as_it_was(texts: list[str]) -> None:
    redaction = Redaction()
    sent = [redaction.apply(text) for text in texts]
    assert [redaction.restore(text) for text in sent] == texts
    assert [redaction.apply(text) for text in texts] == sent


UNSEEN = [chr(code) for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code)) == "Cf"]
MIXED_IN = st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.sampled_from(UNSEEN)), min_size=1, max_size=6)


def hiding(value: str, mixed_in: list[tuple[float, str]]) -> str:
    """The value with what no one sees somewhere inside."""
    for where, unseen in mixed_in:
        at = 1 + int(where * (len(value) - 1))
        value = value[:at] + unseen + value[at:]
    return value


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([*FOUND]), MIXED_IN)
def test_nothing_leaves_of_a_secret_that_hides_what_no_one_sees(value: str, mixed_in: list[tuple[float, str]]) -> None:
    redaction = Redaction()
    text = f'said "{hiding(value, mixed_in)}" .'
    sent = redaction.apply(text)
    assert re.fullmatch(r'said "<[A-Z_]+_1>" \.', sent), sent
    assert redaction.restore(sent) == text
    assert re.fullmatch(r'said "<[A-Z_]+_1>" \.', redact(text, personal=True))


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(LABELLED), MIXED_IN)
def test_nor_of_one_that_only_its_label_betrays(labelled: tuple[str, str], mixed_in: list[tuple[float, str]]) -> None:
    whole, value = labelled
    redaction = Redaction()
    text = f"{hiding(whole, mixed_in)}\n"
    sent = redaction.apply(text)
    assert value not in "".join(one for one in sent if one not in UNSEEN)
    assert redaction.restore(sent) == text


@pytest.mark.parametrize("apart", ["\u200b", "\u00ad", "\ufeff"])
def test_what_parts_a_word_from_a_secret_does_not_save_the_secret(apart: str) -> None:
    assert redact(f"see{apart}{GITHUB}") == f"see{apart}<GITHUB_TOKEN_1>"


def test_text_with_such_characters_and_no_secret_stays() -> None:
    text = "\ufeffShip\u00adyard of \u202bعلی\u202c می\u200cخواهم 👩\u200d🚀 ❤️ 1️⃣ at 12\u200b:34"
    assert Redaction().apply(text) == text
