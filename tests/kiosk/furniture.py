"""What the house of the kiosk's pictures holds, as data: code before and after a change, tests, records, talk."""

from __future__ import annotations

import logging

from assistants.sentinel import StatusLine
from assistants.table.transcript import TABLE
from haven.store.transcripts import Said

CHANGED = "map.py"
BEFORE = {
    CHANGED: """\
        \"\"\"The map of the Reach, as text.\"\"\"

        SCALE = 1


        def drawn(systems, width=60):
            \"\"\"A row for each system, the nearest first.\"\"\"
            rows = sorted(systems, key=lambda one: one.distance)
            return "\\n".join(one.name[:width] for one in rows)
        """
}
AFTER = {
    CHANGED: """\
        \"\"\"The map of the Reach, as text or as a picture.\"\"\"

        from export.png import write

        SCALE = 2


        def drawn(systems, width=80):
            \"\"\"A row for each system, the nearest first.\"\"\"
            rows = sorted(systems, key=lambda one: one.distance)
            return "\\n".join(one.name[:width] for one in rows)


        def export(systems, path):
            \"\"\"The map as a PNG.\"\"\"
            write(path, [(one.x * SCALE, one.y * SCALE) for one in systems])
        """,
    "export/png.py": """\
        \"\"\"PNG pictures with the standard library alone.\"\"\"

        import struct
        import zlib


        def write(path, dots, size=256):
            \"\"\"One white dot for each place on black.\"\"\"
            rows = [bytearray(size) for _ in range(size)]
            for x, y in dots:
                rows[round(y) % size][round(x) % size] = 255
            packed = zlib.compress(b"".join(b"\\0" + bytes(row) for row in rows))
            path.write_bytes(_chunk(b"IDAT", packed))


        def _chunk(kind, data):
            body = kind + data
            return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))
        """,
    "tests/test_export.py": """\
        from export.png import write


        def test_a_picture_is_written(tmp_path):
            write(tmp_path / "map.png", [(1, 2)])
            assert (tmp_path / "map.png").stat().st_size
        """,
}
TESTS = {
    "classes": {
        "tests/test_export.py::test_a_picture_is_written": "new",
        "tests/test_map.py::test_the_nearest_stands_first": "passing",
        "tests/test_map.py::test_a_long_name_is_cut": "passing",
        "tests/test_clock.py::test_midnight": "flaky",
    },
    "counts": {"passing": 2, "new": 1, "flaky": 1},
    "green": True,
    "untested": False,
    "problem": "",
    "one_line": "2 passing, 1 new, 1 flaky",
}
LOG: tuple[tuple[int, int, str, str], ...] = (
    (900, logging.INFO, "haven.app", "Haven is up: local model, the stand-in, 39 systems"),
    (840, logging.INFO, "haven.schedule", "backup made and restored to check it: 1.4 MB"),
    (420, logging.INFO, "haven.changes", "2f81c0: round 1, tests in the sandbox"),
    (300, logging.WARNING, "haven.ai.providers", "[7d20c4e1] the stand-in answered with 529, tried again in 4 s"),
    (296, logging.INFO, "haven.ai.engine", "answered by the stand-in: 1,204 tokens in, 311 out, 0.0093 USD"),
    (120, logging.INFO, "haven.world", "draft of Ada: system Farlight"),
    (60, logging.ERROR, "haven.webhooks", "[c3a9514f] https://example.org/hook answered 410: it is not told again"),
    (12, logging.INFO, "haven.kiosk", "a display of Ann, 100 x 28"),
)
STATUS = (
    StatusLine("Cloud", "stand-in, not Claude", "note"),
    StatusLine("Disk", "0.9 GB free", "alert"),
    StatusLine("Temperature", "61 °C"),
    StatusLine("Memory", "2.4 of 4.0 GB used"),
    StatusLine("Local model", "ready, 4 seats"),
    StatusLine("Queue", "2 due, the oldest for 3 min"),
    StatusLine("Backup", "5 h old, restored to check it"),
)

ASKED = "Which systems are within 20 units of Oculi?"
FIRST, SECOND = "5d0e81c6a2f94b37", "81c3b7f05e2a49d6"
CLOUD = "claude-sonnet-4-5"
TALKS = (
    Said(FIRST, "asks", "Ada", TABLE, "discord:7", words="Who built the Oculi Lantern?"),
    Said(FIRST, "seats", TABLE, "lorekeeper", "discord:7", why="lore: the question names a record of it"),
    Said(
        *(FIRST, "answers", "lorekeeper", "Ada", "discord:7"),
        words="Tobin Rell, engineer of the Patient Heron, built it in the year 3.",
        tier="local",
        model="by computation",
        seconds=0.1,
    ),
    Said(SECOND, "asks", "Ann", TABLE, "unix:1000", words="A short tale of the first landing, please"),
    Said(SECOND, "seats", TABLE, "lorekeeper", "unix:1000", why="lore: a tale is asked for"),
    Said(
        *(SECOND, "sends to", "lorekeeper", CLOUD, "unix:1000"),
        why="the local draft stayed below the bar",
        tier="cloud",
        model=CLOUD,
        usd=0.0027,
        sent="412 tokens, 2 names taken out",
    ),
    Said(
        *(SECOND, "answers", "lorekeeper", "Ann", "unix:1000"),
        words="The Heron came down on First Shoal at dusk, and nobody spoke until the lamp was lit.",
        tier="cloud",
        model=CLOUD,
        input_tokens=412,
        output_tokens=96,
        seconds=3.8,
    ),
)
"""Steps of the Round Table, each of the Lorekeeper's."""
