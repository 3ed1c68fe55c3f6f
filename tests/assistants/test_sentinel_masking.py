"""What programs write of people, in the forms that they write: no name of it is shown to a member, or leaves."""

from __future__ import annotations

import json
import pwd
from pathlib import Path

import pytest

from assistants.sentinel import SENTINEL
from assistants.sentry.explaining import explain
from assistants.sentry.logs import Kind, Line
from assistants.sentry.masking import OTHER, people_of, template, worded
from assistants.sentry.patterns import groups, signs_of_groups
from tests.e2e.house import OWNER, at_home

FORMS = """
error: maximum authentication attempts exceeded for olga from 10.0.0.9 port 50022 ssh2 [preauth]
error: maximum authentication attempts exceeded for invalid user olga x from 10.0.0.9 port 50022 ssh2 [preauth]
Failed password for olga from 203.0.113.9 port 4022 ssh2
Failed password for invalid user olga from here from 203.0.113.9 port 4022 ssh2
Accepted publickey for olga from 192.168.1.20 port 5022 ssh2: ED25519 SHA256:abc
Invalid user olga from 203.0.113.9 port 4022
Connection closed by authenticating user olga 203.0.113.9 port 4022 [preauth]
Connection reset by invalid user olga b 203.0.113.9 port 4022 [preauth]
User olga from 203.0.113.9 not allowed because not listed in AllowUsers
error: PAM: Authentication failure for olga from olga-laptop.local
olga : 3 incorrect password attempts ; TTY=pts/0 ; PWD=/srv/olga ; USER=root ; COMMAND=/usr/bin/mail olga
olga : user NOT in sudoers ; TTY=pts/0 ; PWD=/srv/olga ; USER=root ; COMMAND=/usr/bin/ls
pam_unix(sudo:auth): conversation failed; could not identify password for [olga]
pam_unix(sudo:auth): auth could not identify password for [olga]
pam_unix(sudo:auth): authentication failure; logname=olga uid=1000 euid=0 tty=/dev/pts/0 ruser=olga rhost=  user=olga
pam_unix(su:session): session opened for user root(uid=0) by olga(uid=1000)
olga is not in the sudoers file.  This incident will be reported.
FAILED SU (to root) olga on pts/0
(olga) CMD (/srv/olga/bin/backup.sh --for olga)
(olga) MAIL (mailed 120 bytes of output but got status 0x004b from MTA)
New session 5 of user olga.
mail to olga@example.com bounced
can't open /srv/olga/map.json
can't chdir to ~olga
login for account olga expired
"""
FREE = """
olga has left the house
Killed process 41 (olga-script)
Failed to start olga.service - Backup of Olga
the wishes of Olga were not kept
"""


@pytest.mark.parametrize("line", FORMS.strip().splitlines())
def test_no_form_of_a_login_or_of_a_command_keeps_who_it_was(line: str) -> None:
    assert "olga" not in template(line).casefold()


@pytest.mark.parametrize("line", [*FORMS.strip().splitlines(), *FREE.strip().splitlines()])
def test_members_see_known_words_alone(line: str) -> None:
    [group] = groups([Line(1.0, "error", Kind.JOURNAL, "olga@example.com", line)] * 300)[:1]
    assert "olga" not in group.public.casefold() and OTHER in group.public
    assert "olga" not in signs_of_groups([group])[0].text.casefold()


def test_what_is_shown_still_tells_what_happened() -> None:
    shown = worded(template(FORMS.strip().splitlines()[0]))
    assert (
        shown == "error: maximum authentication attempts exceeded for <name> from <address> port <n> ssh<n> [preauth]"
    )
    assert worded(template("EXT4-fs error (device mmcblk0p2): ext4_lookup: Marta")).startswith(
        "EXT<n>-fs error (device"
    )
    assert worded("the <word> of old Anna Maria Berg") == "the <word> of old <word>"


def test_people_of_this_machine_are_known_by_account_and_full_name() -> None:
    accounts = [
        pwd.struct_passwd((name, "x", uid, uid, full, "/", "/bin/sh"))
        for name, uid, full in (
            ("olga", 1000, "Ölga Brandt,Room 5,,"),
            ("pi", 1001, "Raspberry user"),
            ("mail", 8, "Mail"),
            ("nobody", 65534, "Nobody"),
        )
    ]
    assert people_of(accounts) == {"olga", "Ölga", "Brandt", "Raspberry"}


async def test_no_name_leaves_for_the_cloud(tmp_path: Path) -> None:
    [group] = groups([Line(1.0, "error", Kind.JOURNAL, "olga@example.com", "olga could not connect to the database")])
    async with at_home(tmp_path, working=False) as home:
        told = await explain(group, home.house.engine, SENTINEL.prompt, OWNER, cloud=True)
        assert told.reply is not None and "olga" in told.said, "the owner sees who wrote it"
        [sent] = home.asked
        assert "olga" not in json.dumps(sent) and "could not connect to the database" in json.dumps(sent)
