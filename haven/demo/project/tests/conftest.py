"""A small flat atlas, and the real one."""

from pathlib import Path

import pytest

from atlas.systems import Atlas, System, load

DATA = Path(__file__).parent.parent / "data" / "systems.json"


def make(name: str, x: float = 0, y: float = 0, z: float = 0, star: str = "yellow", **more: object) -> System:
    return System(id=f"SYS_{name}", name=name, x=x, y=y, z=z, region=more.pop("region", "Middle"), star=star, **more)


@pytest.fixture
def small() -> Atlas:
    return Atlas(
        (
            make("Home", 0, 0, planets=("Hearth", "Rime")),
            make("East", 30, 0, star="red"),
            make("North", 0, 40, star="blue", region="Rim"),
            make("Corner", 30, 40, star="green", region="Rim", planets=("Tor", "Pell", "Dune", "Sel")),
            make("Far", 100, 100, star="purple", region="Rim"),
        )
    )


@pytest.fixture(scope="session")
def charted() -> Atlas:
    return load(DATA)
