"""Write the map viewer: python -m atlas SYSTEMS.json MAP.html"""

import sys
from pathlib import Path

from atlas.systems import load
from atlas.viewer import page


def main(arguments: list[str]) -> int:
    """Read the systems, write the page; returns the exit status."""
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    source, target = arguments
    Path(target).write_text(page(load(Path(source))), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
