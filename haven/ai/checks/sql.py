"""Checks of queries: they parse as SQLite's dialect and use the tables and columns that the material describes."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING

from haven.ai.checks.base import FAILS, FATAL, Draft, Finding, listed, short
from haven.ai.checks.parsed import Unreadable, bounded

if TYPE_CHECKING:
    from sqlglot import Expr

MOST_QUERY = 20_000
"""Characters of one reply: sqlglot reads about 300,000 a second."""
MOST_TABLES = 200
_CREATES = re.compile(
    r"\bcreate\s+(?:virtual\s+|temp(?:orary)?\s+)?table\s+(?:if\s+not\s+exists\s+)?"
    r"[`\"\[]?(\w+)[`\"\]]?\s{0,4}(?:using\s+\w+\s*)?\(",
    re.I,
)
_LISTS = re.compile(
    r"(?:^[ \t]*(?:[-*][ \t]*)?|\btables?:?\s+)`?(\w+)`?[ \t]{0,2}\((?=\w+[^()\n]*,[^()\n]*\))", re.I | re.M
)
_CONSTRAINT = re.compile(r"(?:primary|foreign|unique|check|constraint|key|index)\b", re.I)
_COLUMN = re.compile(r"[\s`\"\[]*(\w+)")
_WRITES = re.compile(
    r"\b(?:insert|add|store|save|update|change|set|rename|delete|remove|drop|create|alter|migrat\w*|replace|clear|merge"
    r"|fill|import|table|index|view|trigger|schema|clean|fix|lösche\w*|ändere?|ajoute\w*|supprime\w*)\b",
    re.I,
)
_SEVERAL = re.compile(
    r"\b(?:queries|statements|script|tables|schema|migrat\w*|both|each|two|three|several|and then|transaction)\b", re.I
)
_EVERYTHING = re.compile(r"\b(?:all|every|each|whole|clear|empty|alle|tous|toutes)\b", re.I)
_QUOTED = re.compile(r"'[^']*+'")
# What sqlglot lets pass and SQLite does not.
_SLIP = re.compile(
    r",\s*+(?:(?:from|where|group|order)\b|\))|\b(?:group|order)\s+by\s*+(?:;|\Z|\)|limit\b|having\b)", re.I
)
_COMMANDS = frozenset({"EXPLAIN", "REPLACE", "VACUUM", "ANALYZE", "REINDEX", "ATTACH", "DETACH", "SAVEPOINT"})
_HIDDEN = frozenset({"rowid", "oid", "_rowid_", "rank"})
_BUILT_IN = re.compile(r"sqlite_|pragma_|json_each$|json_tree$|generate_series$", re.I)


def query(draft: Draft) -> Iterator[Finding]:
    """The statement in its fence, or the whole reply."""
    blocks = [block.text for block in draft.blocks if block.language in ("", "sql", "sqlite", "sqlite3")]
    if draft.blocks and not blocks:
        yield Finding(FATAL, "no query in it")
        return
    yield from statements(draft, "\n;\n".join(blocks) if blocks else draft.text)


def statements(draft: Draft, text: str) -> Iterator[Finding]:
    """One statement (more where more were asked), readable, of tables that exist, and no write unasked."""
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import ParseError, SqlglotError

    if len(text) > MOST_QUERY:
        raise Unreadable("the query is too long to be checked")
    logging.getLogger("sqlglot").setLevel(logging.ERROR)  # it warns about what is judged here
    try:
        found = [one for one in sqlglot.parse(bounded(text, "the query"), read="sqlite") if one is not None]
    except ParseError as error:
        first = error.errors[0] if error.errors else {}
        near = short(str(first.get("highlight") or ""), 20) or "the end"
        yield Finding(60, f"line {first.get('line', 1)}: no valid SQL near {near}")
        return
    except (SqlglotError, RecursionError, ValueError) as error:
        yield Finding(60, "no valid SQL" if not isinstance(error, RecursionError) else "SQL too deep to be checked")
        return
    odd = [one for one in found if not _is_statement(one)]
    if not found or odd:
        yield Finding(60, f"not a statement: {short(odd[0].sql())}" if odd else "no statement in it")
        return
    if len(found) > 1 and not draft.asked(_SEVERAL) and not isinstance(found[0], exp.Create):
        yield Finding(35, f"{len(found)} statements where one was asked for")
    if not draft.asked(_WRITES) and any(_writes(one) for one in found):
        yield Finding(FAILS, "writes, and only reading was asked for")
    if slip := _SLIP.search(_QUOTED.sub("''", text)):
        yield Finding(FAILS, f"something is missing at: {short(slip[0])}")
    tables = described(f"{draft.material}\n{draft.question}")
    for one in found:
        if isinstance(one, exp.Select) and not one.expressions:
            yield Finding(FAILS, "selects no column")
        if isinstance(one, exp.Update | exp.Delete) and not one.args.get("where") and not draft.asked(_EVERYTHING):
            yield Finding(35, "changes every row, without a condition")
        if tables:
            yield from _exist(one, tables)


def _is_statement(one: Expr) -> bool:
    """sqlglot reads any two words as an expression with an alias, and leaves some statements as they are."""
    from sqlglot import exp

    if isinstance(one, exp.Command):
        return str(one.this).upper() in _COMMANDS
    kept = (exp.Query, exp.DML, exp.Create, exp.Drop, exp.Alter, exp.Pragma, exp.Transaction, exp.Commit, exp.Values)
    return isinstance(one, (*kept, exp.Rollback))


def _writes(one: Expr) -> bool:
    from sqlglot import exp

    if isinstance(one, exp.Command):
        return str(one.this).upper() == "REPLACE"
    return isinstance(one, exp.DML | exp.Create | exp.Drop | exp.Alter) and not isinstance(one, exp.Query)


def described(text: str) -> dict[str, frozenset[str]]:
    """Tables and their columns, in lower case, as CREATE TABLE or else `table(column, ...)` lines tell them."""
    tables: dict[str, frozenset[str]] = {}
    text = text[:100_000]
    for shape in (_CREATES, _LISTS):
        for match in islice(shape.finditer(text), MOST_TABLES):
            parts = [part for part in _parts(text, match.end()) if not _CONSTRAINT.match(part)]
            columns = {found[1].lower() for part in parts if (found := _COLUMN.match(part))}
            if columns:
                tables[match[1].lower()] = frozenset(columns)
        if tables:
            break
    return tables


def _parts(text: str, start: int) -> list[str]:
    """What stands between the brackets that open before `start`, cut at its own commas."""
    parts, depth, begun = list[str](), 1, start
    for place in range(start, min(len(text), start + 5_000)):
        char = text[place]
        depth += (char == "(") - (char == ")")
        if depth == 0 or (depth == 1 and char == ","):
            parts.append(text[begun:place].strip())
            begun = place + 1
        if depth == 0:
            return parts
    return []


def _exist(statement: Expr, tables: Mapping[str, frozenset[str]]) -> Iterator[Finding]:
    """Every table and column that a statement reads or fills is described, or made by the statement itself."""
    from sqlglot import exp

    if isinstance(statement, exp.Create | exp.Alter | exp.Drop):
        return  # it makes what is not there yet
    own = {one.alias_or_name.lower(): _made_by(one) for one in statement.find_all(exp.CTE)}
    known: dict[str, frozenset[str] | None] = {**tables, **own}
    used = list(statement.find_all(exp.Table))
    names = dict.fromkeys(one.name for one in used if one.name and not _BUILT_IN.match(one.name))
    if missing := [name for name in names if name.lower() not in known]:
        yield Finding(FAILS, f"no such table: {listed(missing)}")
        return
    by_alias = {one.alias_or_name.lower(): one.name.lower() for one in used}
    made = {one.alias.lower() for one in statement.find_all(exp.Alias, exp.TableAlias) if one.alias} | by_alias.keys()
    made |= {one.name.lower() for alias in statement.find_all(exp.TableAlias) for one in alias.columns}
    anywhere = _HIDDEN.union(made, *(known.get(name) or () for name in by_alias.values()))
    wrong = [name for name in _filled(statement) if name.lower() not in anywhere]
    for column in statement.find_all(exp.Column):
        name, table = column.name.lower(), column.table.lower()
        if isinstance(column.this, exp.Star) or table in ("excluded", "new", "old"):
            continue
        there = known.get(by_alias.get(table, "")) if table else anywhere
        if (there is not None and name not in there | _HIDDEN) or (table and table not in made):
            wrong.append(f"{column.table}.{column.name}" if table else column.name)
    if wrong:
        yield Finding(FAILS, f"no such column: {listed(list(dict.fromkeys(wrong)))}")


def _made_by(cte: Expr) -> frozenset[str] | None:
    """The columns of a common table expression; None where they can't be told."""
    from sqlglot import exp

    named = [one.name.lower() for alias in cte.find_all(exp.TableAlias) for one in alias.columns]
    columns = [one.alias_or_name.lower() for one in getattr(cte.this, "selects", [])]
    return None if "*" in columns or "" in columns else frozenset((*named, *columns))


def _filled(statement: Expr) -> list[str]:
    """The columns that an INSERT names."""
    from sqlglot import exp

    target = statement.this if isinstance(statement, exp.Insert) else None
    return [one.name for one in target.expressions] if isinstance(target, exp.Schema) else []
