"""The log: private, redacted down to the traceback, and never in the way."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from haven import logs
from haven.logbook import Recent
from haven.settings import Paths, Settings

FORGED = "9999-99-99 99:99:99,999 INFO haven evil\n"
"""What somebody may have written, and Haven has logged."""
KEY = "sk-ant-api03-" + "A1b2" * 8


@pytest.fixture(autouse=True)
def root_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level, raises = root.handlers[:], root.level, logging.raiseExceptions
    # Once turned on, it does nothing a second time: not even where pytest has put the old way back between two tests.
    logging.captureWarnings(False)
    yield
    for handler in root.handlers:
        if handler not in handlers:
            handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.raiseExceptions = raises
    logging.captureWarnings(False)


def settings(tmp_path: Path, level: str = "INFO") -> Settings:
    return Settings(paths=Paths(state_dir=tmp_path / "state"), log_level=level)


def test_secrets_stay_out_of_lines_and_tracebacks(tmp_path: Path) -> None:
    logs.start(settings(tmp_path))
    try:
        raise ValueError(f"refused {KEY}")
    except ValueError:
        logging.getLogger("haven.x").exception("with %s", KEY)
    text = (tmp_path / "state" / "haven.log").read_text(encoding="utf-8")
    assert KEY not in text and text.count("<ANTHROPIC_KEY_1>") == 2
    assert "Traceback" in text and "ERROR haven.x" in text
    assert (tmp_path / "state").stat().st_mode & 0o077 == 0


def test_the_level_is_the_owner_s_and_libraries_are_quiet(tmp_path: Path) -> None:
    logs.start(settings(tmp_path, "WARNING"))
    logging.getLogger("haven").info("too little")
    logging.getLogger("haven").warning("enough")
    logging.getLogger("apscheduler").info("chatter")
    text = (tmp_path / "state" / "haven.log").read_text(encoding="utf-8")
    assert "enough" in text and "too little" not in text and "chatter" not in text


def test_warnings_are_logged_not_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    logs.start(settings(tmp_path))
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("old ways", UserWarning, stacklevel=1)
    assert "old ways" in (tmp_path / "state" / "haven.log").read_text(encoding="utf-8")
    assert capsys.readouterr().err == ""


def test_under_systemd_it_goes_to_standard_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    logs.start(settings(tmp_path), on_stderr=True)
    logging.getLogger("haven").error("here %s", KEY)
    assert "here <ANTHROPIC_KEY_1>" in capsys.readouterr().err
    assert not (tmp_path / "state" / "haven.log").exists()


def test_nothing_in_it_steers_a_terminal_and_its_lines_stay_lines(tmp_path: Path) -> None:
    logs.start(settings(tmp_path))
    try:
        raise ValueError("\x1b]0;title\x07 \u202e half \udcff")
    except ValueError:
        logging.getLogger("haven.x").exception("said \x1b[2J")
    text = (tmp_path / "state" / "haven.log").read_text(encoding="utf-8")
    assert not {"\x1b", "\x07", "\u202e"} & set(text) and "said <U+001B>[2J\nTraceback" in text
    assert "<U+001B>]0;title<U+0007> <U+202E> half <U+DCFF>" in text


def test_a_log_that_holds_no_record_yet_is_no_trouble(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    for text, said in (
        ("", []),
        ("half a line\n", []),
        ("2026-01-01 10:00:00,000 INFO haven one\ntwo\n", ["one\ntwo"]),
    ):
        (tmp_path / "state" / "haven.log").write_text(text, encoding="utf-8")
        recent = Recent()
        recent.begin_with(tmp_path / "state" / "haven.log")
        assert [one.text for one in recent.lines()] == said
