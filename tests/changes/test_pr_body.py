"""The body of a pull request: what a reviewer elsewhere needs, and nothing that acts there."""

from __future__ import annotations

from dataclasses import replace

from haven.changes.pr_body import pr_body
from tests.changes.test_review import review


def test_it_tells_what_a_reviewer_elsewhere_needs() -> None:
    body = pr_body(review())
    assert body.startswith("# ") and body.endswith("USD.\n")
    for part in ("## Asked for by", "## Tests", "## Files", "Haven change `"):
        assert part in body


def test_nobody_s_words_act_where_it_is_pasted() -> None:
    evil = "Hi @everyone ![x](https://evil.example/x.png) <img src=x>\n# A heading\n\x1b[31m- [ ] task"
    body = pr_body(replace(review(), title=evil, request=evil, summary={"text": evil, "by": "tiny"}))
    assert "\\@everyone" in body and "\\!\\[x\\]\\(https" in body and "<img" not in body.replace("\\<img", "")
    assert "\x1b" not in body and "\n# A heading" not in body
