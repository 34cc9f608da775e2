"""Print the table of docs/validation.md: the largest difference from the golden files, per case and kind of number.

Usage: python benchmarks/agreement.py [--write]; with --write it goes into docs/validation.md, between its marks.
A difference is |ours - theirs| / max(1, |theirs|), as the tests use it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import trustsem as ts

GOLDEN = Path(__file__).resolve().parents[1] / "tests" / "golden"
COLUMNS = (
    "estimates",
    "standard errors",
    "z, p, limits",
    "standardised",
    "its errors, z, p",
    "fit measures",
    "R²",
    "score, Wald",
)

WALD_HYPOTHESIS = "a == b"  # what make.R asked lavaan for

_ESTIMATES = {
    "est": ("est", "estimates"),
    "se": ("se", "standard errors"),
    "z": ("z", "z, p, limits"),
    "pvalue": ("pvalue", "z, p, limits"),
    "ci_lower": ("ci.lower", "z, p, limits"),
    "ci_upper": ("ci.upper", "z, p, limits"),
    "std_lv": ("std.lv", "standardised"),
    "std_all": ("std.all", "standardised"),
}
_STANDARDIZED = {
    "est_std": ("est.std", "standardised"),
    "se": ("se", "its errors, z, p"),
    "z": ("z", "its errors, z, p"),
    "pvalue": ("pvalue", "its errors, z, p"),
    "ci_lower": ("ci.lower", "its errors, z, p"),
    "ci_upper": ("ci.upper", "its errors, z, p"),
}
_INDICES = {"mi": "mi", "epc": "epc", "sepc_lv": "sepc.lv", "sepc_all": "sepc.all", "sepc_nox": "sepc.nox"}


@dataclass(frozen=True, slots=True)
class Difference:
    """One compared number; infinite where only one of the two has it."""

    column: str
    name: str
    size: float


@dataclass(frozen=True, slots=True)
class Case:
    """One golden file: all differences, and how steep F/2 still is at their estimates and at ours."""

    name: str
    differences: tuple[Difference, ...]
    gradients: tuple[float, float] | None  # None with inequalities or nonlinear constraints: not zero at a minimum


def compare_case(golden: Mapping[str, Any], fit: ts.Fit) -> tuple[Difference, ...]:
    """Return every difference of one golden file."""
    differences = list(_compare_rows(fit.estimates, golden["estimates"], _ESTIMATES))
    for field, kind in (("standardized", "std_all"), ("std_lv", "std_lv"), ("std_nox", "std_nox")):
        if field in golden:
            differences += _compare_rows(fit.standardized(kind), golden[field], _STANDARDIZED)
    for name, value in golden["fit_measures"].items():
        ours = fit.fit_measures[name.replace(".", "_")]
        if ours is None and "thresholds are constrained" in fit.undefined_measures.get(name.replace(".", "_"), ""):
            continue  # left undefined on purpose (docs/validation.md)
        differences.append(Difference("fit measures", name, _gap(ours, value)))
    shares = fit.r_squared() if "r_squared" in golden else {}
    differences += [Difference("R²", name, _gap(shares[name], golden["r_squared"][name])) for name in shares]
    return (*differences, *_compare_tests(golden, fit))


def _compare_tests(golden: Mapping[str, Any], fit: ts.Fit) -> Iterator[Difference]:
    """Yield differences of modification indices, and of the Wald and score tests of the one file that has them."""
    listed = golden.get("modification_indices", ())
    frame = fit.modification_indices(top=len(listed))
    for ours, row in zip(frame.to_dict("records"), listed, strict=True):
        for name, theirs in _INDICES.items():
            yield Difference(
                "score, Wald", f"{row['lhs']}{row['op']}{row['rhs']} {name}", _gap(ours[name], row[theirs])
            )
    if "wald" in golden:
        wald = fit.wald(WALD_HYPOTHESIS)
        yield Difference("score, Wald", "Wald", _gap(wald.statistic, golden["wald"]["stat"]))
        score = float(fit.score_test()["statistic"].iloc[0])
        yield Difference("score, Wald", "score", _gap(score, golden["score"][0]["X2"]))


def _compare_rows(
    frame: pd.DataFrame, rows: Sequence[Mapping[str, Any]], fields: Mapping[str, tuple[str, str]]
) -> Iterator[Difference]:
    ours = {(row["lhs"], row["op"], row["rhs"], row.get("group", 1)): row for row in frame.to_dict("records")}
    for row in rows:
        mine = ours[row["lhs"], row["op"], row["rhs"], row.get("group") or 1]
        for name, (theirs, column) in fields.items():
            key = theirs if theirs in row else name  # duncan.json writes underscores
            if key not in row:
                continue
            # lavaan prints 0 as the standard error of what is fixed; ours is NaN
            expected = None if name == "se" and row["se"] == 0 else row[key]
            yield Difference(column, f"{row['lhs']}{row['op']}{row['rhs']} {name}", _gap(mine[name], expected))


def _gap(ours: float | None, theirs: float | None) -> float:
    value = None if ours is None or pd.isna(ours) else float(ours)
    if value is None or theirs is None:
        return 0.0 if value is None and theirs is None else float("inf")
    return abs(value - theirs) / max(1.0, abs(theirs))


def gradients(golden: Mapping[str, Any], fit: ts.Fit) -> tuple[float, float] | None:
    """Return the largest element of the gradient of F/2 at the golden file's estimates and at ours: 0 at a minimum."""
    if fit.fitted.table.relations:
        return None
    theirs = {(row["lhs"], row["op"], row["rhs"], row.get("group", 1)): row["est"] for row in golden["estimates"]}
    estimate = fit.fitted.estimate
    objective = estimate.objective
    free = [(row.lhs, row.op, row.rhs, row.group) for row in fit.fitted.table.free_rows]
    if not set(free) <= set(theirs):  # lavaan does not print auxiliary variables
        return None
    theta = np.array([theirs[key] for key in free])
    at_theirs = np.abs(objective.gradient(theta[objective.layout.reduction.kept])).max()
    return float(at_theirs), float(np.abs(objective.gradient(estimate.x)).max())


def fit_case(golden: Mapping[str, Any]) -> ts.Fit:
    """Fit a golden file's model to its data, raw or published correlations."""
    options = {name.replace(".", "_"): value for name, value in dict(golden["options"]).items()}
    if "aux" in options:  # lavaan 0.7-2 took the first only (docs/validation.md)
        options["auxiliary"] = options.pop("aux")[:1]
    if "correlations" in golden:
        names = golden["names"]
        matrix = pd.DataFrame(golden["correlations"], index=names, columns=names)
        return ts.fit(golden["model"], sample_cov=matrix, n_obs=golden["n_obs"], **options)
    return ts.fit(golden["model"], pd.read_csv(GOLDEN / golden["data"]), preset=golden["fun"], **options)


def comparable() -> dict[str, dict[str, Any]]:
    """Return the golden files of one fit that bring their data along; the others have tests of their own."""
    files = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(GOLDEN.glob("*.json"))}
    return {
        name: golden
        for name, golden in files.items()
        if "estimates" in golden and ("data" in golden or "correlations" in golden)
    }


def compare_all() -> tuple[Case, ...]:
    """Return the comparison of every golden file that brings its data along."""
    cases = []
    for name, golden in comparable().items():
        fit = fit_case(golden)
        cases.append(Case(name, compare_case(golden, fit), gradients(golden, fit)))
    return tuple(cases)


def largest(differences: Sequence[Difference], column: str) -> Difference | None:
    """Return the largest difference of one kind, None where the file has none."""
    return max((item for item in differences if item.column == column), key=lambda item: item.size, default=None)


def render_markdown(cases: Sequence[Case]) -> str:
    """Return the table, and where the largest difference of each kind is."""
    heads = ("golden file", "numbers", *COLUMNS, "gradient, theirs", "ours")
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for case in cases:
        found = [largest(case.differences, column) for column in COLUMNS]
        cells = ["" if item is None else f"{item.size:.0e}" for item in found]
        steep = [f"{size:.0e}" for size in case.gradients or ()] or ["", ""]
        lines.append(f"| `{case.name}` | {len(case.differences)} | {' | '.join([*cells, *steep])} |")
    lines.append("")
    for column in COLUMNS:
        size, place, name = max(
            (item.size, case.name, item.name)
            for case in cases
            if (item := largest(case.differences, column)) is not None
        )
        lines.append(f"- {column}: at most {size:.1e} (`{place}`, `{name}`)")
    lines.append(f"- numbers compared: {sum(len(case.differences) for case in cases):,}")
    return "\n".join(lines)


def main(arguments: Sequence[str]) -> int:
    """Print the table, or write it into the document."""
    if list(arguments) not in ([], ["--write"]):
        print("Usage: python benchmarks/agreement.py [--write]", file=sys.stderr)
        return 2
    table = render_markdown(compare_all())
    if arguments:
        from benchmarks.document import write_part

        write_part("agreement", table)
    else:
        print(table)
    return 0


if __name__ == "__main__":
    # A script finds its neighbours only; the package `benchmarks` lies one folder up.
    sys.path[0] = str(Path(__file__).resolve().parents[1])
    raise SystemExit(main(sys.argv[1:]))
