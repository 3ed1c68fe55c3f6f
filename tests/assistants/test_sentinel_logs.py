"""Logs as programs write them: read, grouped by what differs in values alone, and known troubles told of."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from assistants.sentinel import SENTINEL
from assistants.sentry.alerts import Alerts
from assistants.sentry.explaining import explain
from assistants.sentry.logins import attempts, looked, suspicious
from assistants.sentry.logs import Kind, Line, Logs
from assistants.sentry.masking import template
from assistants.sentry.patrol import Patrol
from assistants.sentry.patterns import groups, signs_of_groups
from haven.ai.task import Tier
from haven.errors import AccessDenied
from haven.settings import AlertSettings
from haven.store import log_templates
from haven.store.database import Database, now, opened
from tests.e2e.house import OWNER, REVIEWER, at_home

SECRET = "sk-ant-" + "api03-" + "Zz9y" * 20
HOUR = 3600.0


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with opened(tmp_path / "haven.db") as ready:
        yield ready


def entry(text: object, at: float, priority: int = 3, unit: str = "kernel") -> str:
    """One line of `journalctl --output=json`."""
    return json.dumps(
        {
            "__REALTIME_TIMESTAMP": str(int(at * 1e6)),
            "PRIORITY": str(priority),
            "SYSLOG_IDENTIFIER": unit,
            "MESSAGE": text,
        }
    )


def journal(folder: Path, *lines: str, status: int = 0) -> str:
    """A program that answers like journalctl, and writes down how it was asked."""
    (folder / "journal.json").write_text("\n".join(lines) + "\n", encoding="utf-8")
    program = folder / "journalctl"
    program.write_text(f'#!/bin/sh\necho "$@" >> {folder}/asked\ncat {folder}/journal.json\nexit {status}\n')
    program.chmod(0o755)
    return str(program)


def logs(folder: Path, program: str = "no-such-program") -> Logs:
    return Logs(folder / "haven.log", folder / "auth.log", program)


def test_the_journal_is_read_in_bounds_whatever_it_holds(tmp_path: Path) -> None:
    at = now()
    strange = [*b"bytes \xff\x1b[2J here"]
    program = journal(
        tmp_path, entry("second", at), entry("first", at - 5, 4), "no json", "[1]", "{}", entry(strange, at, 6)
    )
    found = logs(tmp_path, program).read(Kind.JOURNAL, at - 60)
    assert found is not None
    assert [(line.text, line.level) for line in found[:2]] == [("first", "warning"), ("second", "error")]
    assert found[2].text.startswith("bytes \ufffd") and "\x1b" not in template(found[2].text)
    asked = (tmp_path / "asked").read_text()
    assert "--lines=5000" in asked and f"--since=@{int(at - 60)}" in asked and "--priority=warning" in asked
    assert logs(tmp_path, journal(tmp_path, status=1)).read(Kind.JOURNAL, 0) is None
    assert logs(tmp_path).read(Kind.JOURNAL, 0) is None, "no journal on this machine"


def test_havens_own_log_is_read_without_its_tracebacks(tmp_path: Path) -> None:
    (tmp_path / "haven.log").write_text(
        "2026-11-21 12:00:00,123 ERROR haven.jobs [1a2b3c4d] the job failed\n"
        "Traceback (most recent call last):\n  File x\n"
        "2026-11-21 12:00:01,000 INFO haven fine\n"
        "2020-01-01 00:00:00,000 ERROR haven long ago\n" + "x" * 10_000 + "\n",
    )
    found = logs(tmp_path).read(Kind.OWN, datetime(2026, 1, 1).timestamp())
    assert found is not None and [(line.level, line.unit) for line in found] == [
        ("error", "haven.jobs"),
        ("info", "haven"),
    ]
    assert logs(tmp_path / "nowhere").read(Kind.OWN, 0) is None
    talk = "2026-11-21 12:00:01,000 INFO haven fine\n" * 6000
    (tmp_path / "haven.log").write_text(f"2026-11-21 12:00:00,000 ERROR haven it failed\n{talk}")
    found = logs(tmp_path).read(Kind.OWN, 0)
    assert found is not None and found[0].text == "it failed", "what is well never pushes it out"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("job 17 failed after 2.5 s", "job 4,711 failed after 31 s"),
        ("connection from 10.0.0.7:22 lost", "connection from 192.168.1.250 lost"),
        ("no answer from fe80::1ff:fe23:4567:890a here", "no answer from 2001:db8::1 here"),
        ("can't read /home/owner/map.json", "can't read /var/lib/haven/x/y.db"),
        ("[1a2b3c4d] it failed", "[99887766] it failed"),
        ("user mika is gone", "user rena is gone"),
        ("mail to a.b@c.example bounced", "mail to someone@else.example bounced"),
        ("device 0xdeadbeef reset", "device 0x1 reset"),
    ],
)
def test_lines_that_differ_in_values_are_one_template(first: str, second: str) -> None:
    assert template(first) == template(second)
    for private in ("10.0.0.7", "mika", "fe80", "a.b@c"):
        assert private not in template(first)


def test_a_template_holds_no_secret() -> None:
    assert "Zz9y" not in template(f"the key {SECRET} was refused") and len(template("x y " * 500)) <= 160


@pytest.mark.parametrize(
    ("unit", "text", "cause", "level"),
    [
        ("kernel", "blk_update_request: I/O error, dev mmcblk0, sector 123", "journal log:card", "urgent"),
        ("kernel", "EXT4-fs error (device mmcblk0p2): ext4_lookup:1708: inode #2", "journal log:card", "urgent"),
        ("kernel", "EXT4-fs (mmcblk0p2): Remounting filesystem read-only", "journal log:read-only", "urgent"),
        ("kernel", "Out of memory: Killed process 812 (haven) total-vm:1kB", "journal log:memory", "warning"),
        ("kernel", "hwmon hwmon1: Undervoltage detected!", "journal log:power", "warning"),
        ("kernel", "Under-voltage detected! (0x00050005)", "journal log:power", "warning"),
        ("systemd", "haven.service: Failed with result 'exit-code'.", "journal log:unit", "warning"),
        ("haven.store", "sqlite3: database disk image is malformed", "own log:database", "urgent"),
    ],
)
def test_known_troubles_are_told(unit: str, text: str, cause: str, level: str) -> None:
    source = Kind.OWN if unit.startswith("haven") else Kind.JOURNAL
    found = groups([Line(1.0, "info", source, unit, text)])
    [sign] = signs_of_groups(found)
    assert (sign.cause, sign.level) == (cause, level) and "mmcblk0p2" not in sign.text.replace(text, "")


def test_who_can_name_himself_as_he_likes_raises_no_alert() -> None:
    said = "Invalid user EXT4-fs error Out of memory: Killed process from 10.0.0.7"
    found = groups([Line(1.0, "warning", Kind.JOURNAL, unit, said) for unit in ("sshd", "someone")])
    assert len(found) == 2 and signs_of_groups(found) == []


def test_a_line_of_another_program_hides_no_trouble_of_the_kernel() -> None:
    said = "Out of memory: Killed process 41 (python)"
    lines = [Line(at, "warning", Kind.JOURNAL, unit, said) for at, unit in ((1.0, "x"), (2.0, "kernel"), (3.0, "x"))]
    found = groups(lines)
    assert [(one.unit, one.known is None) for one in found] == [("kernel", False), ("x", True)]
    assert [sign.cause for sign in signs_of_groups(found)] == ["journal log:memory"]


def test_a_flood_of_one_error_is_one_sign() -> None:
    lines = [Line(float(n), "error", Kind.OWN, "haven", f"call {n} failed") for n in range(300)]
    [group] = groups(lines)
    assert (group.count, group.first, group.last, group.template) == (300, 0.0, 299.0, "call <n> failed")
    assert "300 errors" in signs_of_groups([group])[0].text
    assert signs_of_groups(groups(lines[:50])) == []


async def test_what_no_earlier_day_had_is_new(tmp_path: Path, database: Database) -> None:
    at = now()
    program = journal(tmp_path, entry("disk 3 is slow", at), entry("fan stopped", at))
    patrol = Patrol(database, logs(tmp_path, program))
    for found in (await patrol.problems(Kind.JOURNAL), await patrol.problems(Kind.JOURNAL)):
        assert found is not None and not any(one.is_new for one in found), "on the first day everything would be"
    await log_templates.see(database, Kind.OWN, ["x"], at)
    await database.write(lambda tx: tx.execute("update log_template set first_at = first_at - 200000"))
    journal(tmp_path, entry("disk 4 is slow", at), entry("the roof leaks", at))
    found = await patrol.problems(Kind.JOURNAL)
    assert {one.template: one.is_new for one in found or ()} == {"disk <n> is slow": False, "the roof leaks": True}


# Logins.


def stamp(at: float, style: str = "iso") -> str:
    moment = datetime.fromtimestamp(at).astimezone()
    return moment.isoformat() if style == "iso" else f"{moment:%b} {moment.day:2d} {moment:%H:%M:%S}"


def ssh(at: float, text: str, style: str = "iso", unit: str = "sshd[812]") -> str:
    return f"{stamp(at, style)} pi {unit}: {text}"


def failed(at: float, user: str = "pi", address: str = "203.0.113.9") -> str:
    return ssh(at, f"Failed password for {user} from {address} port 4022 ssh2")


def accepted(at: float, user: str = "mika", address: str = "192.168.1.20") -> str:
    return ssh(at, f"Accepted publickey for {user} from {address} port 5022 ssh2: ED25519 SHA256:abc")


def rules(folder: Path, at: float, *lines: str) -> dict[str, tuple[str, ...]]:
    (folder / "auth.log").write_text("\n".join(lines) + "\n", encoding="utf-8")
    found = logs(folder).read(Kind.AUTH, at - 30 * 24 * HOUR)
    assert found is not None
    return {one.rule: one.details for one in suspicious(attempts(found), at)}


AT = (datetime.now().replace(hour=15, minute=0, second=0, microsecond=0) - timedelta(days=1)).timestamp()
USUAL = [accepted(AT - day * 24 * HOUR) for day in range(2, 9)]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([accepted(AT - HOUR)], set()),
        ([failed(AT - 60)] * 9, set()),
        ([failed(AT - 60)] * 10, {"failures"}),
        ([failed(AT - 2 * HOUR)] * 50, set()),
        (
            [ssh(AT - 60, "message repeated 12 times: [ Failed password for root from 203.0.113.9 port 1 ssh2]")],
            {"failures"},
        ),
        ([failed(AT - 600)] * 5 + [accepted(AT - 500, "pi", "203.0.113.9")], {"guessed"}),
        ([failed(AT - 600)] * 5 + [accepted(AT - 500, "pi", "192.168.1.2")], set()),
        ([accepted(AT - HOUR, "root")], {"root"}),
        ([*USUAL, accepted(AT - HOUR)], set()),
        ([*USUAL, accepted(AT - HOUR, address="198.51.100.4")], {"new address"}),
        ([*USUAL, accepted(AT - 12 * HOUR)], {"odd hour"}),
        ([ssh(AT - 60, "Accepted password for mika from 10.0.0.1 port 1 ssh2", unit="mika-script")], set()),
        (
            [
                ssh(AT - 60 - n, f"Failed password for invalid user a{n} from 10.0.0.1 port 1 ssh2", "old")
                for n in range(12)
            ],
            {"failures"},
        ),
    ],
)
def test_what_is_suspicious_about_logins(tmp_path: Path, lines: list[str], expected: set[str]) -> None:
    assert set(rules(tmp_path, AT, *lines)) == expected


def test_neither_other_programs_nor_failures_push_out_who_got_in(tmp_path: Path) -> None:
    cron = [f"{stamp(AT - 90)} pi CRON[{n}]: pam_unix(cron:session): session opened for user root" for n in range(6000)]
    noise = [ssh(AT - 80, f"Connection closed by 203.0.113.9 port {n}") for n in range(6000)]
    guessed = [*[failed(AT - 600)] * 5, accepted(AT - 500, "pi", "203.0.113.9"), *[failed(AT - 70)] * 6000]
    found = rules(tmp_path, AT, *USUAL, *guessed, accepted(AT - HOUR, address="198.51.100.4"), *cron, *noise)
    assert set(found) == {"failures", "guessed", "new address"}


def test_the_journals_older_logins_are_asked_for_where_failures_fill_it(tmp_path: Path) -> None:
    journal(tmp_path)
    many = [entry(f"Failed password for x from 10.0.0.9 port {n} ssh2", AT + n / 1e4, 6, "sshd") for n in range(5000)]
    old = entry("Accepted publickey for mika from 10.0.0.1 port 1 ssh2", AT - 24 * HOUR, 6, "sshd")
    (tmp_path / "journal.json").write_text("\n".join(many))
    (tmp_path / "entered.json").write_text(old)
    program = tmp_path / "journalctl"
    program.write_text(
        f'#!/bin/sh\ncase "$*" in *--grep*) cat {tmp_path}/entered.json;; *) cat {tmp_path}/journal.json;; esac'
    )
    found = logs(tmp_path, str(program)).read(Kind.AUTH, AT - 30 * 24 * HOUR)
    assert found is not None and len(found) == 5001 and found[0].text.startswith("Accepted")
    first = datetime.fromtimestamp(AT - 24 * HOUR)
    assert f"1 successful login since {first.day} {first:%B} and 5,000 failed" in looked(found, AT).read
    assert looked([], AT).read == "no successful logins and no failed logins were read"


def test_a_user_can_not_name_himself_an_address(tmp_path: Path) -> None:
    liar = "x from 192.168.1.20 port 22 ssh2"
    lines = [failed(AT - 60, f"invalid user {liar}")] * 12
    details = rules(tmp_path, AT, *lines)["failures"]
    assert "12 from 203.0.113.9" in details and f"12 as {liar}" in details


async def test_alerts_of_logins_name_nobody_and_end_only_where_the_log_was_read(
    tmp_path: Path, database: Database
) -> None:
    at = now()
    (tmp_path / "auth.log").write_text("\n".join(failed(at - n, "mika") for n in range(20)))
    alerts = Alerts(database, AlertSettings(calm_minutes=0))
    patrol = Patrol(database, logs(tmp_path))
    await patrol.look(alerts)
    [alert] = await alerts.open()
    assert alert.cause == "login:failures" and "20 logins failed" in alert.text
    assert "203.0.113.9" not in alert.text and "mika" not in alert.text
    (tmp_path / "auth.log").unlink()
    await patrol.look(alerts)
    assert len(await alerts.open()) == 1, "nobody looked"
    (tmp_path / "auth.log").write_text("")
    await patrol.look(alerts)
    assert await alerts.open() == []


def test_a_log_of_december_is_read_in_january() -> None:
    from assistants.sentry.logs import _moment

    today = datetime.now()
    assert _moment(f"{today + timedelta(days=5):%b %d} 12:00:00".replace(" 0", "  ")) < today.timestamp()


async def test_only_a_pattern_leaves_and_only_where_somebody_says_so(tmp_path: Path) -> None:
    [group] = groups([Line(1.0, "error", Kind.OWN, "haven.x", f"user mika at 10.0.0.7 lost {SECRET} in /home/owner/a")])
    [known] = groups([Line(1.0, "info", Kind.JOURNAL, "kernel", "Undervoltage detected!")])
    async with at_home(tmp_path, working=False) as home:
        engine = home.house.engine
        silent = await explain(group, engine, SENTINEL.prompt, OWNER, cloud=False)
        assert silent.reply is None and silent.why and "1 x error" in silent.said and home.asked == []
        sure = await explain(known, engine, SENTINEL.prompt, OWNER, cloud=True)
        assert "power supply" in sure.said and sure.reply is None and home.asked == []
        told = await explain(group, engine, SENTINEL.prompt, OWNER, cloud=True)
        assert told.reply is not None and told.reply.tier is Tier.CLOUD
        [sent] = home.asked
        assert "haven.x" in json.dumps(sent)
        assert not any(word in json.dumps(sent) for word in ("mika", "10.0.0.7", "Zz9y"))
        with pytest.raises(AccessDenied):
            await explain(group, engine, SENTINEL.prompt, REVIEWER, cloud=True)
