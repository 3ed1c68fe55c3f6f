"""The body of a pull request: what a reviewer elsewhere needs, and nothing that acts there."""

from __future__ import annotations

import re
import secrets
from dataclasses import replace

from haven.changes.review.diffing import FileDiff
from haven.changes.review.pr_body import MOST_FILES, pr_body
from tests.changes.test_review import RED, REVIEW

EVIL = (
    "Hi @everyone and @org/team ![x](https://evil.example/x.png) <img src=x onerror=y> <!-- gone\n"
    "# A heading\n- [ ] a task\n1. a list\n```\ncode\n| a | b |\n/close\nfixes #12, GH-7, o/r#3, www.evil.example\n"
    "\x1b[31m=====\n&lt;b&gt; $x$ a\u202eb ~~gone~~ **bold** `code`"
)


def test_it_tells_what_a_reviewer_elsewhere_needs() -> None:
    body = pr_body(replace(REVIEW, request="A button, please.", risk_marks=("ci.yml: runs",), risk_notes=("large",)))
    assert body.startswith("# Export the map as PNG\n\nAdds an export button.\n") and body.endswith("USD.\n")
    for part in ("## Asked for by Ada\n\n> A button, please.", "- new: `tests/test_a.py::test_export`"):
        assert part in body
    for part in ("| `atlas/viewer.py` | 2 | 1 |", "| `docs/shot.png` | binary |  |", "- ci.yml: runs", "- large"):
        assert part in body
    assert f"Haven change `{REVIEW.id}`, round 2, commit 1234567890ab on fedcba098765" in body
    assert "- regressed: `tests/test_b.py::test_zoom`" in pr_body(replace(REVIEW, tests=RED))


def test_nobody_s_words_act_where_it_is_pasted() -> None:
    told = {"text": EVIL, "by": EVIL}
    body = pr_body(replace(REVIEW, title=EVIL, request=EVIL, summary=told, requester=EVIL, risk_marks=(EVIL,)))
    own = pr_body(replace(REVIEW, title="x", request="x", summary={"text": "x", "by": "x"}, risk_marks=("x",)))
    assert "\x1b" not in body and "\u202e" not in body
    for acts in (r"@\w", r"(?<!\\)[<!\[`*~|&$](?!\\)", r"#\d", r"://", r"www\.", r"GH-\d", r"(?m)^(> )?([-=/]|\d+\.) "):
        assert set(re.findall(acts, body)) <= set(re.findall(acts, own)), acts
    headings = [line for line in body.split("\n") if line.startswith("#")]
    assert len(headings) == len([line for line in own.split("\n") if line.startswith("#")])


def test_no_path_and_no_test_breaks_its_table_or_list() -> None:
    paths = ["a`b|c.py", "@everyone\n# x.py", "<img>.py", *(f"f{n}.py" for n in range(MOST_FILES))]
    tests = {**REVIEW.tests, "classes": {"t.py::test[`|\n@everyone-#1]": "new"}}
    body = pr_body(replace(REVIEW, files=tuple(map(FileDiff, paths)), tests=tests))
    assert "| `a'b¦c.py` | 0 | 0 |\n| `@everyone # x.py` | 0 | 0 |\n| `<img>.py` | 0 | 0 |" in body
    assert "`t.py::test['¦ @everyone-#1]`" in body and "| and 3 more | | |" in body


def test_a_secret_in_somebody_s_words_does_not_leave_with_them() -> None:
    token = f"ghp_{secrets.token_hex(18)}"
    said = f"Use {token} for the upload"
    tests = {**REVIEW.tests, "classes": {f"t.py::test[{token}]": "new"}}
    body = pr_body(replace(REVIEW, title=said, request=f"Hello\n{said}", summary={"text": said}, tests=tests))
    assert token not in body
    key = "\n".join(secrets.token_hex(32) for _ in range(4))
    pem = f"-----BEGIN PRIVATE KEY-----\n{key}\n-----END PRIVATE KEY-----"
    assert key[:64] not in pr_body(replace(REVIEW, request=f"It says\n{pem}"))
