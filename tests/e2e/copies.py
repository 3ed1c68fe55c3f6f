"""The sample project for tests that begin with it: made with git once a process, then written out again."""

from __future__ import annotations

from pathlib import Path

from haven.demo import sample

_made: list[tuple[Path, int, bytes | None]] = []
"""Each path below it with its mode and what stands in it; None for a folder."""


async def sample_project(into: Path) -> Path:
    """As sample.create makes it, and left as it is where it stands already."""
    if into.exists():
        return await sample.create(into)
    if not _made:
        await sample.create(into)
        for path in sorted(into.rglob("*")):
            _made.append((path.relative_to(into), path.stat().st_mode, None if path.is_dir() else path.read_bytes()))
        return into
    into.mkdir(parents=True, mode=0o755)
    for name, mode, content in _made:
        if content is None:
            (into / name).mkdir()
        else:
            (into / name).write_bytes(content)
        (into / name).chmod(mode)
    return into
