"""How long do distances, routes, questions and maps take on a large world? One JSON line.

The world is made here: systems spread in clumps, one planet each. Times in milliseconds, the median and the slowest of
some runs; `ready_s` is what it takes to read the world's words into memory, once and after a write.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import time
from collections.abc import Callable

import numpy as np

from haven.world import clusters, routes, space
from haven.world.asking import ask
from haven.world.asking.lexicon import Lexicon
from haven.world.gazetteer import Gazetteer
from haven.world.maps.picture import Format, picture
from haven.world.maps.scene import Wish
from haven.world.schema import Planet, Point, System, Thing

BIOMES = ("Ocean", "Desert", "Frozen", "Lush", "Toxic")
STARS = ("Yellow", "Red", "Blue", "Green")
QUESTIONS = (
    "ocean planets within 50 of Star 1",
    "what is the economy of Star 17",
    "how far is Star 3 from Star 99",
    "nearest system to Star 5 with a red star",
    "how many planets has Star 8",
    "which system has the most planets",
    "how many frozen planets are there",
    "what is the population of Star 4",
    "economy of Star 99999999",
)


def world(count: int) -> list[Thing]:
    """Clumps of systems in a box of 2,000 units, some linked, a planet in each."""
    random = np.random.default_rng(11)
    centres = random.uniform(-1_000, 1_000, (max(count // 200, 1), 3))
    points = centres[random.integers(0, len(centres), count)] + random.normal(0, 25, (count, 3))
    things: list[Thing] = []
    for n, (x, y, z) in enumerate(points.tolist()):
        links = (f"system-{(n * 7 + 1) % count}",) if n % 5 == 0 else ()
        place = Point(x=x, y=y, z=z)
        star = STARS[n % len(STARS)]
        fields = {"star": star, "economy": "Trading", "region": f"Region {n % 40}", "links": links}
        things.append(System(id=f"system-{n}", name=f"Star {n}", position=place, **fields))
        things.append(Planet(id=f"planet-{n}", name=f"World {n}", parent=f"system-{n}", biome=BIOMES[n % len(BIOMES)]))
    return things


def timed(work: Callable[[int], object], runs: int) -> dict[str, float]:
    taken = []
    for run in range(runs):
        start = time.perf_counter()
        work(run)
        taken.append((time.perf_counter() - start) * 1_000)
    return {"median_ms": round(statistics.median(taken), 2), "slowest_ms": round(max(taken), 2)}


def measure(count: int, runs: int) -> dict[str, object]:
    things = world(count)
    start = time.perf_counter()
    gazetteer = Gazetteer(things)
    read = time.perf_counter()
    lexicon = Lexicon(gazetteer)
    atlas = gazetteer.atlas()
    ready = time.perf_counter()
    gazetteer.update(things[:1])
    lexicon.refresh()
    again = time.perf_counter()
    step = max(count // runs - 1, 1)
    atlas = gazetteer.atlas()
    return {
        "systems": count,
        "ready_s": {
            "names": round(read - start, 2),
            "words": round(ready - read, 2),
            "after_a_write": round(again - ready, 2),
        },
        "nearest": timed(lambda run: space.nearest(atlas, atlas.xyz[run * step], 10), runs),
        "within_50": timed(lambda run: space.within(atlas, atlas.xyz[run * step], 50), runs),
        "all_neighbours": timed(lambda _: space.spacing(atlas.xyz), 1),
        "clusters_8": timed(lambda _: clusters.clusters(atlas, 8), 1),
        "route_120": timed(lambda run: routes.by_jumps(atlas, atlas.ids[0], atlas.ids[(run + 1) * step], 120), 3),
        "questions": {one: timed(lambda _, one=one: ask(one, lexicon), 3) for one in QUESTIONS},
        "map_png": timed(lambda _: picture(gazetteer, Wish()), 1),
        "map_svg": timed(lambda _: picture(gazetteer, Wish(), format=Format.SVG), 1),
        "region_png": timed(lambda _: picture(gazetteer, Wish(region="Region 3")), 1),
        "rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--smoke", action="store_true", help="show that it runs; the figures mean nothing")
    options.add_argument("--systems", type=int, default=100_000)
    given = options.parse_args()
    count, runs = (500, 3) if given.smoke else (given.systems, 40)
    print(json.dumps({"benchmark": "world_space", **measure(count, runs)}))


if __name__ == "__main__":
    main()
