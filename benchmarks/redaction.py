"""How many supplied secrets are hidden, how many harmless samples are touched, and how fast? One JSON line.

`python -m benchmarks.redaction SAFETY.tar.xz` counts each set of the archive: a sample is hit where redaction changes
its text. Personal data is looked for only in the samples that are about IP addresses. Goals: at least 95 % of the true
samples, under 2 % of the false ones, 1 MB/s on Python source. Without the archive its figures are "not measured".
`false_unlisted` leaves out samples that haven/redact/published.toml knows by their hash: its largest source and many of
the samples come from the same scanner, so that these tell nothing about keys that stand on no list.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import sysconfig
import tarfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from haven.redact import Redaction, redact
from haven.redact.published import is_published

FOLDER = "safety/secrets_"
WORDS = re.compile(r"[\w.:/+=-]{16,}")
PROMPT = (
    "Which of our systems lie near the Korvax outpost, and what did mika@example.org find there on 2026-11-20? " * 12
)
"""Some 1,300 characters, as a question with what was said before."""
Sample = tuple[str, bool, str, dict[str, Any]]


def samples(archive: Path) -> Iterator[Sample]:
    """Set, whether it is a secret, the text, and the whole row; read without unpacking to the disk."""
    with tarfile.open(archive) as tar:
        for member in tar:
            file = tar.extractfile(member) if FOLDER in member.name else None
            for line in file or ():
                row = json.loads(line)
                name = Path(member.name).stem.removeprefix("secrets_")
                yield name, row.get("is_secret", row.get("kind") != "literal-fps"), row["text"], row


def hit(text: str, row: dict[str, Any]) -> bool:
    return redact(text, personal="ip_public" in row["source"]) != text


def counted(archive: Path) -> dict[str, Any]:
    """Hits and samples per set, and the rates over all of them."""
    hits: Counter[tuple[str, bool]] = Counter()
    all_of: Counter[tuple[str, bool]] = Counter()
    touched: Counter[str] = Counter()
    for name, true, text, row in samples(archive):
        for of in (name, "all"):
            all_of[of, true] += 1
            hits[of, true] += hit(text, row)
        if not true and not any(is_published(word) for word in WORDS.findall(text)):
            for counter, count in ((all_of, 1), (hits, hit(text, row))):
                counter["unlisted", False] += count
        if not true and hit(text, row):
            touched[row.get("rule") or Path(row["source"]).stem] += 1
    sets = {
        f"{name} {'true' if true else 'false'}": f"{hits[name, true]}/{all_of[name, true]}" for name, true in all_of
    }
    unlisted = sets.pop("unlisted false")
    rate = {true: round(hits["all", true] / all_of["all", true], 4) for true in (True, False)}
    return {"sets": sets, "true_rate": rate[True], "false_rate": rate[False], "false_unlisted": unlisted} | {
        "false_by_rule": touched
    }


def megabytes_per_second(files: int) -> float:
    """Over the first Python files of this environment, personal data included."""
    paths = sorted(Path(sysconfig.get_paths()["purelib"]).rglob("*.py"))[:files]
    texts = [path.read_text(encoding="utf-8", errors="replace") for path in paths]
    started = time.perf_counter()
    for text in texts:
        Redaction().apply(text)
    return sum(map(len, texts)) / 1e6 / (time.perf_counter() - started)


def prompt_ms(text: str, times: int) -> float:
    """Milliseconds for one prompt, the middle of so many."""
    took = []
    for _ in range(times):
        started = time.perf_counter()
        Redaction().apply(text)
        took.append(time.perf_counter() - started)
    return round(statistics.median(took) * 1e3, 3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("archive", type=Path, nargs="?", help="safety.tar.xz of the shared data")
    parser.add_argument("--smoke", action="store_true")
    given = parser.parse_args()
    there = given.archive is not None and given.archive.is_file()
    figures = counted(given.archive) if there else {"true_rate": "not measured", "false_rate": "not measured"}
    speed = round(megabytes_per_second(40 if given.smoke else 800), 2)
    times = 20 if given.smoke else 300
    prompts = {
        "prompt_ms": prompt_ms(PROMPT, times),
        "prompt_with_emoji_ms": prompt_ms(PROMPT + " 👩\u200d🚀 ❤️", times),
        "prompt_with_hidden_ms": prompt_ms(PROMPT + " ship\u00adyard", times),
    }
    print(json.dumps({"benchmark": "redaction", **figures, "mb_per_s": speed, **prompts}))


if __name__ == "__main__":
    main()
