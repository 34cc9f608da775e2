"""Missing answers as tables: frames for those who compute on, text for terminals, JSON-ready values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from trustsem.suggestions import shortened
from trustsem.tables.text import format_pvalue, render_pairs, render_table, wrap_text

if TYPE_CHECKING:
    from trustsem.survey.missing import MissingDescription

_SHOWN = 8  # patterns and pairs that a terminal gets
_IN_JSON = 100


def coverage_frame(description: MissingDescription) -> pd.DataFrame:
    """Return the share of rows that have both items of each pair; on the diagonal, that of each item."""
    items = list(description.items)
    return pd.DataFrame(description.coverage, index=items, columns=items)


def patterns_frame(description: MissingDescription) -> pd.DataFrame:
    """Return one row per pattern: rows, share, n_missing, missing (names joined by blanks), the most frequent first."""
    patterns = description.patterns
    return pd.DataFrame(
        {
            "rows": [pattern.n_rows for pattern in patterns],
            "share": [pattern.share for pattern in patterns],
            "n_missing": [len(pattern.missing) for pattern in patterns],
            "missing": [" ".join(pattern.missing) for pattern in patterns],
        }
    )


def render_missing(description: MissingDescription, width: int = 80) -> str:
    """Return rows, Little's test, the most frequent patterns and the pairs with the lowest coverage as text."""
    parts = [_facts(description, width), _render_patterns(description, width), _render_pairs(description, width)]
    return "\n\n".join(part for part in parts if part)


def _facts(description: MissingDescription, width: int) -> str:
    used = description.n_used
    cells = used * len(description.items)
    return render_pairs(
        [
            ("Rows", f"{used} with an answer" + _empty(description)),
            ("Complete rows", f"{description.n_complete} ({_share(description.n_complete, used)})"),
            ("Missing answers", f"{description.n_missing} of {cells} ({_share(description.n_missing, cells)})"),
            ("Patterns", len(description.patterns)),
            ("Little's test", _test(description)),
        ],
        width=width,
    )


def _empty(description: MissingDescription) -> str:
    return f"; {description.n_empty} without any" if description.n_empty else ""


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}%" if whole else "none"


def _test(description: MissingDescription) -> str:
    test = description.little
    if test is None:
        return f"none: {description.no_test}"
    return f"chi-square {test.statistic:.1f}, df {test.df}, p {format_pvalue(test.pvalue)}"


def _render_patterns(description: MissingDescription, width: int) -> str:
    if len(description.patterns) < 2:
        return ""
    rows: list[list[object]] = [
        [shortened(pattern.missing, 6) or "nothing: complete", pattern.n_rows, f"{100 * pattern.share:.1f}%"]
        for pattern in description.patterns[:_SHOWN]
    ]
    rest = description.patterns[_SHOWN:]
    lines = [render_table(["most frequent patterns: missing", "rows", "share"], rows, width=width)]
    if rest:
        left = f"{len(rest)} other patterns in {sum(pattern.n_rows for pattern in rest)} rows."
        lines.extend(wrap_text(left, width))
    return "\n".join(lines)


def _render_pairs(description: MissingDescription, width: int) -> str:
    rows: list[list[object]] = [
        [f"{pair.first} with {pair.second}", pair.n_rows, f"{100 * pair.share:.1f}%"]
        for pair in description.pairs[:_SHOWN]
    ]
    return render_table(["lowest coverage: both answered", "rows", "share"], rows, width=width) if rows else ""


def missing_to_dict(description: MissingDescription) -> dict[str, Any]:
    """Return a description as JSON-ready values; of patterns and pairs the first hundred."""
    test = description.little
    return {
        "group": description.group or None,
        "items": list(description.items),
        "n_rows": description.n_rows,
        "n_empty": description.n_empty,
        "n_complete": description.n_complete,
        "n_missing": description.n_missing,
        "n_patterns": len(description.patterns),
        "patterns": [
            {"missing": list(pattern.missing), "rows": pattern.n_rows, "share": pattern.share}
            for pattern in description.patterns[:_IN_JSON]
        ],
        "lowest_coverage": [
            {"pair": [pair.first, pair.second], "rows": pair.n_rows, "share": pair.share}
            for pair in description.pairs[:_IN_JSON]
        ],
        "never_together": [list(pair) for pair in description.never_together],
        "little": None
        if test is None
        else {"statistic": test.statistic, "df": test.df, "pvalue": test.pvalue, "n_patterns": test.n_patterns},
        "no_test": description.no_test,
    }
