"""Tables on terminals of 60 and 80 columns: every figure is there whole, and no line is too long."""

from __future__ import annotations

import io
import json

import pytest
from rich.cells import cell_len
from rich.console import Console
from rich.table import Column, Table

from haven.ai.memory.outcomes import Figures
from haven.commands.performance import _drawn
from haven.commands.session import print_table
from haven.commands.tables import fitting

MODEL = "a-model-with-a-long-name-1_5b"


def shown(table: Table, width: int) -> list[str]:
    console = Console(file=io.StringIO(), width=width, soft_wrap=True)
    console.print(fitting(table, width), width=width)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


def metrics() -> Table:
    figures = (12_345, 87.0, 86.0, 0.31, 1_024, 2_048, 77, 5, 61.4, 1_234.5, 98_765.4321)
    rows = [Figures("code", "", "", *figures), Figures("code", "cloud", MODEL, *figures)]
    return _drawn(rows, {("code", "cloud", MODEL): 133.7})


@pytest.mark.parametrize("width", [40, 60, 80])
def test_no_figure_of_the_metrics_is_cut_on_a_narrow_terminal(width: int) -> None:
    lines = shown(metrics(), width)
    text = "\n".join(lines)
    assert max(map(cell_len, lines)) <= width and "…" not in text
    for figure in ("12,345", "61.4", "1234.5", "133.7", "31%", "1,024", "2,048", "+77 -5", "98765.4321", MODEL):
        assert figure in text


def test_where_there_is_room_a_row_is_one_line() -> None:
    lines = shown(metrics(), 160)
    assert len(lines) == 3 and MODEL in lines[2] and "98765.4321" in lines[2]


@pytest.mark.parametrize("width", [60, 80])
def test_a_long_setting_is_folded_and_whole(width: int) -> None:
    value = json.dumps(["/srv/models/" + "x" * 100, *(f"tokens > {number:,}" for number in range(1_000, 1_010))])
    table = Table(Column("setting", no_wrap=True), "value", "from", box=None, pad_edge=False)
    table.add_row("cloud.per_person_daily_usd", value, "/a/folder/with/a/rather/long/name/haven.toml")
    lines = shown(table, width)
    assert max(map(cell_len, lines)) <= width and sum(line.count("x") for line in lines) == 100
    assert all(f"{number:,}" in " ".join(lines) for number in range(1_000, 1_010))
    assert "cloud.per_person_daily_usd" in "\n".join(lines)


def test_off_a_terminal_a_row_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(metrics())
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3 and MODEL in lines[2] and "98765.4321" in lines[2]
