"""Code and queries: they parse, use what exists, and do what was asked."""

from __future__ import annotations

from pathlib import Path

from tests.ai.samples import FINE, Break, Good, Sample, judging

FENCE = "```"
GLYPHS = f"""Here is the function:

{FENCE}python
import re


def parse_glyphs(text: str) -> tuple[int, int]:
    \"\"\"Planet and system of a portal address.\"\"\"
    match = re.fullmatch(r"([0-9A-F])([0-9A-F]{{3}})", text)
    if match is None:
        raise ValueError(f"not an address: {{text}}")
    return int(match[1], 16), int(match[2], 16)
{FENCE}
"""
DISTANCE = f"""{FENCE}javascript
// The distance (in light years) between two places.
function distance(a, b) {{
  const parts = ["x", "y", "z"].map((axis) => (a[axis] - b[axis]) ** 2);
  if (/[)(]/.test(a.name)) {{ throw new Error(`odd name: ${{a.name}}`); }}
  return Math.sqrt(parts.reduce((sum, one) => sum + one, 0));
}}
{FENCE}
"""
CONFIG = f"""{FENCE}yaml
map:
  width: 800
  layers:
    - stars
    - lore
{FENCE}
"""
TABLES = """create table systems (id integer primary key, name text not null, galaxy text, x real, y real, z real);
create table planets (id integer primary key, system_id integer references systems(id), name text, sentinel text,
  check (length(name) > 0));
create table moons (id integer primary key, planet_id integer, name text);"""
PER_SYSTEM = f"""{FENCE}sql
SELECT s.name, count(p.id) AS worlds
FROM systems s
LEFT JOIN planets p ON p.system_id = s.id
GROUP BY s.id
ORDER BY worlds DESC
LIMIT 10;
{FENCE}"""
NEAREST = """WITH here AS (SELECT x, y, z FROM systems WHERE name = 'Kessel Reach')
SELECT systems.name, (systems.x - here.x) * (systems.x - here.x) AS far
FROM systems, here
ORDER BY far LIMIT 5"""

GOOD: Good = {
    "glyphs": Sample("code", "Write a Python function parse_glyphs that reads a portal address", GLYPHS),
    "bare": Sample(
        "code",
        "Python: a class called Planet",
        "class Planet:\n    def __init__(self, name: str) -> None:\n        self.name = name\n",
    ),
    "async": Sample(
        "code",
        "a python coroutine that reads all files of a folder",
        f"{FENCE}python\nimport asyncio\nfrom pathlib import Path\n\n\nasync def read(folder: Path) -> list[str]:\n"
        f"    return [await asyncio.to_thread(one.read_text) for one in folder.iterdir()]\n{FENCE}",
    ),
    "protocol": Sample(
        "code",
        "A Python protocol for a store and one that keeps it in memory",
        f"{FENCE}py\nfrom typing import Protocol\n\n\n"
        "class Store(Protocol):\n    def get(self, key: str) -> str: ...\n\n\n"
        f"class Memory:\n    def __init__(self) -> None:\n        self._kept: dict[str, str] = {{}}\n\n"
        f"    def get(self, key: str) -> str:\n        return self._kept[key]\n{FENCE}",
    ),
    "own module": Sample(
        "code",
        "Use our module starmap to print the nearest system",
        f"{FENCE}python\nimport starmap\n\nprint(starmap.nearest('Ossa Prime'))\n{FENCE}",
        "starmap.py has nearest(name) -> str",
    ),
    "javascript": Sample("code", "A JavaScript function distance(a, b)", DISTANCE),
    "yaml": Sample("code", "The settings of the map as YAML", CONFIG),
    "json": Sample(
        "code", "The same as JSON", f'{FENCE}json\n{{"map": {{"width": 800, "layers": ["stars"]}}}}\n{FENCE}'
    ),
    "toml": Sample(
        "code", "The settings as TOML", f'{FENCE}toml\n[map]\nwidth = 800\nlayers = ["stars", "lore"]\n{FENCE}'
    ),
    "shell": Sample("code", "A shell command that shows the free space", f"{FENCE}bash\ndf -h /\n{FENCE}"),
    "worlds": Sample("sql", "The ten systems with the most planets", PER_SYSTEM, TABLES),
    "nearest": Sample("sql", "The five systems nearest to Kessel Reach along x", NEAREST, TABLES),
    "count": Sample("sql", "query that counts all moons", "SELECT count(*) FROM moons;", TABLES),
    "exists": Sample(
        "sql",
        "Which planets have no moon?",
        "SELECT name FROM planets WHERE NOT EXISTS (SELECT 1 FROM moons WHERE moons.planet_id = planets.id)",
        TABLES,
    ),
    "window": Sample(
        "sql",
        "rank the systems of each galaxy by name",
        "SELECT name, row_number() OVER (PARTITION BY galaxy ORDER BY name) AS place FROM systems",
        TABLES,
    ),
    "change": Sample(
        "sql", "Rename the system with id 4 to Drift", "UPDATE systems SET name = 'Drift' WHERE id = 4", TABLES
    ),
    "upsert": Sample(
        "sql",
        "insert a moon, or rename the one that is there",
        "INSERT INTO moons (id, planet_id, name) VALUES (1, 2, 'Lun') "
        "ON CONFLICT (id) DO UPDATE SET name = excluded.name",
        TABLES,
    ),
    "lists": Sample(
        "sql", "All pilots of the guild 'Drift'", "SELECT pilot FROM crews WHERE guild = 'Drift'", "crews(pilot, guild)"
    ),
    "no schema": Sample("sql", "names of all ships in a table ships", "SELECT name FROM ships"),
    "make": Sample(
        "sql",
        "create a table for ships and an index",
        "CREATE TABLE ships (id INTEGER PRIMARY KEY, name TEXT);\nCREATE INDEX ships_name ON ships(name);",
    ),
}

BROKEN: tuple[Break, ...] = (
    ("glyphs", "if match is None:", "if match is None", "line 10: no valid Python"),
    ("glyphs", "def parse_glyphs", "def read_glyphs", "does not define parse_glyphs"),
    ("glyphs", "import re\n", "import re\nimport glyphtools\n", "imports what is not installed: glyphtools"),
    ("glyphs", "    return int(match[1], 16), int(match[2], 16)", "    # TODO: the numbers", "something was left out"),
    ("glyphs", "return int(match[1], 16), int(match[2], 16)", "break", "no valid Python"),
    (
        "glyphs",
        "",
        f"{FENCE}python\ndef parse_glyphs(text: str) -> tuple[int, int]:\n    ...\n{FENCE}",
        "nothing in the body",
    ),
    (
        "glyphs",
        "",
        f"{FENCE}python\ndef parse_glyphs(text):\n    '''Read it.'''\n    pass\n{FENCE}",
        "nothing in the body",
    ),
    ("glyphs", "", "You could use a regular expression for the address.", "no code"),
    ("glyphs", "", DISTANCE, "python was asked for, and this is JavaScript"),
    ("glyphs", "", f"{FENCE}python\n{FENCE}", "an empty block of code"),
    ("bare", "self.name = name", "self.name = (name", "no valid Python"),
    ("bare", "class Planet", "class Moon", "does not define Planet"),
    ("async", "asyncio.to_thread", "asyncio.to_thread(", "no valid Python"),
    ("async", "import asyncio", "import asyncio, folderlib", "folderlib"),
    ("own module", "import starmap", "import starcharts", "starcharts"),
    ("javascript", "return Math.sqrt(", "return Math.sqrt((", "} without its {"),
    ("javascript", "throw new Error(`odd name: ${a.name}`); }", "}}", "} without its {"),
    ("yaml", "  layers:", " layers:", "no valid YAML"),
    ("json", '"width": 800,', '"width": 800', "no valid JSON"),
    ("toml", "width = 800", "width = ", "no valid TOML"),
    ("worlds", "p.system_id", "p.system", "no such column: p.system"),
    ("worlds", "planets p", "worlds p", "no such table: worlds"),
    ("worlds", "GROUP BY", "GRUOP BY", "no valid SQL"),
    ("worlds", "AS worlds\n", "AS worlds,\n", "something is missing"),
    ("worlds", "LIMIT 10;", "LIMIT 10;\nSELECT name FROM moons;", "2 statements where one was asked for"),
    ("worlds", "", "DELETE FROM planets WHERE id = 1", "writes, and only reading was asked for"),
    ("worlds", "", "I would join both tables and count the planets of each system.", "no valid SQL"),
    ("worlds", "", f"{FENCE}python\nprint('planets')\n{FENCE}", "no query"),
    ("nearest", "here.x) AS far", "here.w) AS far", "no such column"),
    ("count", "count(*)", "", "selects no column"),
    ("count", "moons", "satellites", "no such table: satellites"),
    ("exists", "planet_id", "world", "no such column: moons.world"),
    ("exists", "planets.id)", "planets.id", "no valid SQL"),
    ("window", "galaxy", "region", "no such column: region"),
    ("change", " WHERE id = 4", "", "changes every row"),
    ("upsert", "planet_id, name)", "planet, name)", "no such column: planet"),
    ("lists", "guild", "clan", "no such column: clan"),
    ("make", "CREATE TABLE ships (", "CREATE TABLE ships", "not a statement"),
)

test_what_is_good_passes, test_one_thing_broken_is_named = judging(GOOD, BROKEN)


def test_code_is_read_and_never_run(tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    trap = f"{FENCE}python\nimport pathlib\n\npathlib.Path({str(mark)!r}).touch()\n{FENCE}"
    points, _ = Sample("code", "Python code that makes a file", trap).scored
    assert points >= FINE
    assert not mark.exists()
