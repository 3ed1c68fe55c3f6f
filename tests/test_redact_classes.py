"""Which secrets and personal data are found, class by class, and what must stay as it is."""

from __future__ import annotations

import os
import random
import string
from pathlib import Path

import pytest

from benchmarks.redaction import hit, samples
from haven.redact import Redaction, redact

ROOT = Path(__file__).parent.parent
SUPPLIED = Path(os.environ.get("HAVEN_SHARED_DATA", ROOT.parent / "shared" / "data")) / "safety.tar.xz"
CHANCE = random.Random(11)
LOWER, MIXED, HEX = string.ascii_lowercase + string.digits, string.ascii_letters + string.digits, "0123456789abcdef"


def some(length: int, alphabet: str = MIXED) -> str:
    """A made token, different every time, so that no scanner finds one in the repository."""
    while True:
        made = "".join(CHANCE.choices(alphabet, k=length))
        if sum(one.isdigit() for one in made) > 2 and made[0].isalpha():
            return made


VALUE, PASSWORD = some(32, LOWER), "tr0ub4" + "dor&3"
BY_PREFIX = [
    "npm_" + some(36),
    "glpat-" + some(20),
    "hvs." + some(90),
    "gsk_" + some(52),
    "AIza" + some(35),
    "xoxb-" + "123798456012-981237645012-" + some(24),
    "sk-proj-" + some(40) + "T3Blbk" + "FJ" + some(40),
    "sk_live_" + some(24),
    "SG." + some(22) + "." + some(43),
    "dckr_pat_" + some(27),
    "ATATT3" + some(180),
    "8496120573:A" + "A" + some(33),
    some(32, HEX) + "-us7",
    "shpat_" + some(32, HEX),
]
LABELLED = [
    ("DB_PASSWORD={}", PASSWORD),
    ("password: {}", PASSWORD),
    ("'passwd' => '{}'", PASSWORD),
    ("<password>{}</password>", PASSWORD),
    ("Server=db;Uid=haven;Pwd={};", PASSWORD),
    ("amqp://haven:{}@queue.example.org:5672/", "gu3st" + "pass"),
    ("connect(password='{}', port=1)", PASSWORD),
    ("curl -u 'haven:{}' https://example.org/", PASSWORD),
    ("haven serve --token {} --port 1", VALUE),
    ('{{"apiKey": "{}"}}', VALUE),
    ("https://example.org/?access_token={}&page=2", VALUE),
    ("X-Api-Key: {}", VALUE),
    ("Authorization: Bearer {}", VALUE),
    ('client_secret = "{}"', VALUE),
    ("AccountKey={}==;EndpointSuffix=core", some(86)),
    ("export DATADOG={}", VALUE),
]
NO_SECRETS = [
    "password = os.environ['DB_PASSWORD']",
    "password: ${DB_PASSWORD}",
    "api_key = 'your-api-key-here'",
    "token = 'xxxxxxxxxxxxxxxxxxxxxxxx'",
    "PASSWORD=changeme",
    "curl -u user:pass https://example.org",
    'curl -u "$NAME:$PASSWORD" https://example.org',
    "Authorization: Bearer <token>",
    "https://{user}:{password}@example.org",
    "key = AKIA" + "X" * 16,
    "key = AKIA" + "IOSFODNN7" + "EXAMPLE",
    "clientId = '73082700-1f09-405b-80d0-3131bfd6272d'",
    "secret_name = 'haven/database/main-2'",
    "def token_count(text: str) -> int:",
    "secret = load_secret(name)",
    '"integrity": "sha512-' + some(86) + '=="',
    "discord.py==2.7.1 --hash=sha256:" + some(64, HEX),
    "rev: " + some(40, HEX),
    "public_key = '" + some(43) + "'",
]
PEOPLE = {
    "call +49 151 23456789 or": ("PHONE", "+49 151 23456789"),
    "call (555) 867-5309 or": ("PHONE", "(555) 867-5309"),
    "call 030 / 1234567 or": ("PHONE", "030 / 1234567"),
    "call 06 12 34 56 78 or": ("PHONE", "06 12 34 56 78"),
    "call 020 7946 0958.": ("PHONE", "020 7946 0958"),
    "lives at 221B Baker Street, ok": ("ADDRESS", "221B Baker Street"),
    "at 12 Elm Drive, Springfield, IL 62704 now": ("ADDRESS", "12 Elm Drive, Springfield, IL 62704"),
    "wohnt Lindenstraße 12a, 10969 Berlin": ("ADDRESS", "Lindenstraße 12a, 10969 Berlin"),
    "ping <@123456789012345678>!": ("DISCORD_ID", "123456789012345678"),
    "it was 123456789012345678.": ("DISCORD_ID", "123456789012345678"),
    "thanks, @mika_k did it": ("HANDLE", "@mika_k"),
    "@mika could you look?": ("HANDLE", "@mika"),
    "ask mika#1234 about it": ("HANDLE", "mika#1234"),
    "from 203.0.113.9 today": ("IP", "203.0.113.9"),
    "from 2a02:8109:9ac0::17 today": ("IP", "2a02:8109:9ac0::17"),
}
NO_PEOPLE = [
    "@property",
    "    @pytest.mark.parametrize('a', [1])",
    "@app.command()",
    "product = left @ right",
    "c = a @b",
    '"@types/node": "^20.1.0",',
    "npm install typescript@5.4",
    " * @param name what it is called",
    "@everyone and @here",
    "portal glyphs 60720193DFA9",
    "2026-11-21T08:00:00+01:00",
    "RA 05 34 31.97 Dec +22 00 52.06",
    "at +12.3456789, -45.6789012",
    "version 1.2.3 costs 1,299.00",
    "719,938 LY from the core",
    "star Gaia DR2 2105463135385330944",
    "1000000000000000000 and 9223372036854775807",
    "fixes bug#1234",
    "xs[1:20:3], xs[::2], std::vector",
    "12:34:56",
    "the spring 2024 release, 100 Milky Way stars",
    "§4.2.3.2 of the text",
]


@pytest.mark.parametrize("value", BY_PREFIX, ids=lambda value: value[:9])
def test_makers_keys_are_hidden_wherever_they_stand(value: str) -> None:
    for text in (value, f"it is {value}, ok", f'x = "{value}"\n'):
        assert value not in redact(text)
        redaction = Redaction()
        assert redaction.restore(redaction.apply(text)) == text


@pytest.mark.parametrize(("frame", "value"), LABELLED, ids=[frame for frame, _ in LABELLED])
def test_labelled_values_are_hidden_and_their_labels_stay(frame: str, value: str) -> None:
    hidden = redact(frame.format(value))
    assert value not in hidden and hidden[:4] == frame.format(value)[:4]


@pytest.mark.parametrize("text", NO_SECRETS)
def test_stand_ins_code_and_checksums_stay(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize("text", PEOPLE)
def test_personal_data_is_hidden_whole_and_nothing_else(text: str) -> None:
    kind, value = PEOPLE[text]
    assert Redaction().apply(text) == text.replace(value, f"<{kind}_1>")


@pytest.mark.parametrize("text", NO_PEOPLE)
def test_what_only_resembles_personal_data_stays(text: str) -> None:
    assert Redaction().apply(text) == text


@pytest.mark.parametrize("written", ["<email_1>", "< EMAIL_1 >", "<Email 1>", "<EMAIL_1>"])
def test_a_placeholder_in_other_letters_or_spacing_is_put_back(written: str) -> None:
    redaction = Redaction()
    redaction.apply("mika@example.org")
    assert redaction.restore(f"to {written}.") == "to mika@example.org."


def test_such_a_spelling_that_was_in_the_text_before_comes_back_as_it_was() -> None:
    redaction = Redaction()
    text = "mika@example.org, <email_1>, < EMAIL_1 >"
    assert redaction.restore(redaction.apply(text)) == text


def test_a_secret_across_the_end_of_a_block_is_hidden() -> None:
    token = "8496120573:A" + "A" + some(33)
    for before in range(65_536 - len(token), 65_536, 7):
        assert token not in redact(" " * before + token + " tail")


PUBLISHED = [
    "AIzaSyB41DRUbKWJHP" + "xaFjMAwdrzWzbVKartNGg",
    "AIzaSyAO_FJ2SlqU8Q4" + "STEHLGCilw_Y9_11qcW8",
    "sk_test_4eC39HqLyj" + "WDarjtT1zdp7dc",
    "ghp_16C7e42F292c6912" + "E7710c838347Ae178B4a",
]


@pytest.mark.parametrize("key", PUBLISHED, ids=lambda key: key[:9])
@pytest.mark.parametrize(
    "frame", ["{}", 'api_key = "{}"', "https://maps.example/js?key={}&v=3", "Authorization: Bearer {}"]
)
def test_a_key_that_its_maker_publishes_stays_and_one_that_is_nearly_the_same_goes(key: str, frame: str) -> None:
    assert Redaction().apply(frame.format(key)) == frame.format(key)
    other = key[:-4] + key[-4:].swapcase()[::-1]
    assert other not in redact(frame.format(other))


@pytest.mark.skipif(not SUPPLIED.is_file(), reason="the shared data is not here")
def test_the_supplied_samples() -> None:
    rows = list(samples(SUPPLIED))
    true = [hit(text, row) for _, secret, text, row in rows if secret]
    false = [hit(text, row) for _, secret, text, row in rows if not secret]
    assert sum(true) >= 0.95 * len(true)
    assert sum(false) < 0.02 * len(false)
