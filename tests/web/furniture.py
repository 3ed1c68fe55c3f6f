"""What the house of the dashboard's pictures holds beside what the kiosk's holds too, as data."""

from __future__ import annotations

TITLE = "Export the map as a PNG"
TOLD = "A button writes the map as a PNG, with the standard library alone; the dots on it are drawn twice as large."
CHANGED = {
    "atlas/render.py": (
        ('"""The map as pixels: a small canvas', '"""The map as pixels and as a PNG: a small canvas'),
        ("import annotations\n\nfrom", "import annotations\n\nimport struct\nimport zlib\n\nfrom"),
        ("MARGIN = 8\n", "MARGIN = 8\nSCALE = 2\n"),
        (
            "    return 2 + min(len(system.planets) // 2, 3)",
            "    return SCALE * (2 + min(len(system.planets) // 2, 3))",
        ),
    ),
    "atlas/viewer.py": (
        ('"setZoom(1)"),\n', '"setZoom(1)"),\n    Button("export", "Save as PNG", "exportMap()"),\n'),
        ('fill="#ffffff" font-size="10"', 'fill="#e8ebf5" font-size="11"'),
    ),
}
"""Of files that are there: each text with what stands in its place."""
ADDED = {
    "atlas/render.py": """

def png(canvas: Canvas) -> bytes:
    \"\"\"The picture as a file.\"\"\"
    wide = 3 * canvas.width
    rows = (b"\\0" + canvas.pixels[at : at + wide] for at in range(0, len(canvas.pixels), wide))
    head = struct.pack(">2I5B", canvas.width, canvas.height, 8, 2, 0, 0, 0)
    parts = (b"IHDR", head), (b"IDAT", zlib.compress(b"".join(rows))), (b"IEND", b"")
    return b"\\x89PNG\\r\\n\\x1a\\n" + b"".join(_chunk(kind, data) for kind, data in parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    body = kind + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))
""",
    "tests/test_png.py": """\
from atlas.render import Canvas, png


def test_a_picture_is_a_png() -> None:
    assert png(Canvas(4, 3)).startswith(b"\\x89PNG")
""",
}
"""At the end of a file, or as a new one."""
TESTS = {
    "classes": {
        "tests/test_png.py::test_a_picture_is_a_png": "new",
        "tests/test_render.py::test_the_map_has_a_dot_for_each_system": "passing",
        "tests/test_viewer.py::test_every_button_is_on_the_page": "passing",
        "tests/test_distance.py::test_a_long_way": "flaky",
    },
    "counts": {"passing": 2, "new": 1, "flaky": 1},
    "green": True,
    "untested": False,
    "problem": "",
    "one_line": "2 passing, 1 new, 1 flaky",
}
SONNET, HAIKU = "claude-sonnet-5-5", "claude-haiku-5-5"
SPENT = tuple(
    (days, who, kind, round(usd * (1 + days % 3), 4), model)
    for days in range(9)
    for who, kind, usd, model in (
        ("discord:7", "answer", 0.021, HAIKU),
        ("Mika", "code", 0.08, SONNET),
        ("Rena", "record", 0.004, HAIKU),
    )
    if (days + len(kind)) % 4
)
"""Days ago, whose, what for, US dollars, and the model that was asked."""
FARLIGHT = {"name": "Farlight", "position": "24, 21, -9", "star": "Yellow", "economy": "Mining"}
