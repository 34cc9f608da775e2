"""The automatic rules against lavaan's parameter tables: same rows, same order, same fixed values, same labels."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from trustsem.spec import OriginKind, SpecOptions, build_table, preset_of
from trustsem.syntax import parse_model

CASES = json.loads((Path(__file__).resolve().parents[1] / "golden" / "rules.json").read_text(encoding="utf-8"))["cases"]


@pytest.mark.parametrize("case", CASES, ids=[case["model"].replace("\n", "; ")[:60] for case in CASES])
def test_rows(case: dict[str, Any]) -> None:
    name, _, option = case["preset"].partition("-")
    options = SpecOptions(
        preset=preset_of("none" if name == "lavaan" else name),
        std_lv=option == "std.lv",
        orthogonal=option == "orthogonal",
        fixed_x=False if option == "random" else None,
    )
    table = build_table(parse_model(case["model"]), options)
    ours = [
        [row.lhs, row.op, row.rhs, "exogenous" if row.exogenous else "free" if row.is_free else "fixed", row.value]
        for row in table.rows
    ]
    theirs = [row[:5] for row in case["rows"]]
    assert ours == theirs
    # the target of equal() is labelled .p2. in lavaan and by its written name here
    expected = [row.written if theirs[5].startswith(".p") else theirs[5] for row, theirs in zip(table, case["rows"])]
    assert [row.label for row in table.rows] == expected


def test_every_row_says_where_it_came_from() -> None:
    table = build_table(parse_model("f =~ x1 + x2 + x3\nf ~ age"))
    for row in table.rows:
        if row.origin.kind is OriginKind.TEXT:
            assert row.origin.span is not None
        else:
            assert row.origin.rule
    by_name = {row.written: row.origin.describe() for row in table.rows}
    assert by_name["f~age"] == "line 2, column 5"
    assert by_name["x1~~x1"] == "auto_var"
    assert by_name["age~~age"] == "fixed_x"
