"""What fits together: weights and full contexts, persistent models first, then by priority."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from haven.ai.models.plan import WORKING_MB, plan
from haven.ai.models.registry import Registry, Shelf

CONTEXT = 4096


def shelf(folder: Path, name: str, *, persistent: bool = False, priority: int = 0, disk_mb: int = 100) -> Shelf:
    model = Registry(folder).get("smollm2-135m")
    made = replace(model, name=name, persistent=persistent, priority=priority, disk_mb=disk_mb, bytes=0)
    return Shelf(made, False, folder / "none.gguf")


def kept(folder: Path, memory_mb: float, *shelves: Shelf) -> list[str]:
    return [place.name for place in plan(shelves, memory_mb, CONTEXT).places if place.kept]


def test_a_context_costs_what_its_tokens_cost_and_never_more_than_the_model_reads(tmp_path: Path) -> None:
    [place] = plan([shelf(tmp_path, "a")], 1000, CONTEXT).places
    assert (place.weights_mb, place.kv_mb, place.needs_mb) == (100, 94, 100 + 94 + WORKING_MB)
    [shared] = plan([shelf(tmp_path, "a")], 1000, CONTEXT, seats=4).places
    assert shared.kv_mb > place.kv_mb
    [long] = plan([shelf(tmp_path, "a")], 1000, 1_000_000).places
    assert long.kv_mb == round(23040 * 8192 / 1e6)


def test_a_model_whose_context_is_not_known_takes_what_its_entry_says_at_the_least(tmp_path: Path) -> None:
    unknown = shelf(tmp_path, "mine")
    said = replace(unknown, model=replace(unknown.model, kv_bytes=0, ram_mb=700))
    [place] = plan([said], 1000, CONTEXT).places
    assert (place.kv_mb, place.needs_mb) == (0, 700)


def test_persistent_models_come_first_then_priority_as_long_as_there_is_room(tmp_path: Path) -> None:
    small = shelf(tmp_path, "small", persistent=True)
    good, better = shelf(tmp_path, "good", priority=1), shelf(tmp_path, "better", priority=2)
    one = plan([small], 10_000, CONTEXT).places[0].needs_mb
    assert kept(tmp_path, one * 3, good, better, small) == ["small", "better", "good"]
    assert kept(tmp_path, one * 2, good, better, small) == ["small", "better"]
    assert [place.name for place in plan([better, good], one, CONTEXT, keep=("good",)).places if place.kept] == ["good"]
    huge = shelf(tmp_path, "huge", priority=3, disk_mb=5000)
    made = plan([huge, small, good], one * 2, CONTEXT)
    assert [(place.name, place.fits, place.kept) for place in made.places] == [
        ("small", True, True),
        ("huge", False, False),
        ("good", True, True),
    ]
    assert made.kept_mb == one * 2


async def test_what_is_installed_is_weighed_as_it_is(tmp_path: Path) -> None:
    models = Registry(tmp_path)
    path = models.path("smollm2-360m")
    path.parent.mkdir(parents=True)
    with path.open("wb") as file:
        file.truncate(229_000_000)
    [place] = plan([models.shelf("smollm2-360m")], 1000, CONTEXT).places
    assert place.installed and place.weights_mb == 229
