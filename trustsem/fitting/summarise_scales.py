"""Reliability, validity and items as text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from trustsem.fitting.summary import render_findings, section
from trustsem.measurement import FactorReliability
from trustsem.measurement.validity import LIBERAL, STRICT
from trustsem.suggestions import count_of
from trustsem.tables.text import format_number, render_table, wrap_text

if TYPE_CHECKING:
    from trustsem.fitting.item_analysis import ItemAnalysis
    from trustsem.fitting.reliability import Reliability
    from trustsem.fitting.validity import Validity

_MOST_PAIRS = 15  # of a report; all of them are in the frame and in the JSON
_SHORT = {
    "alpha": "alpha",
    "alpha_ordinal": "ordinal",
    "omega": "omega",
    "omega_categorical": "omega",
    "composite_reliability": "CR",
    "ave": "AVE",
}


def summarise_reliability(result: Reliability, *, width: int = 80) -> str:
    """Return coefficients group by group, and findings."""
    parts = [*reliability_sections(result, width), section("What to know", render_findings(result.findings, width))]
    return "\n\n".join(parts)


def reliability_sections(result: Reliability, width: int) -> list[str]:
    """Return one section per group, and what its columns are."""
    parts = []
    for number, label in enumerate(result.group_labels, start=1):
        chosen = [item for item in result.factors if item.group == number]
        title = f"Reliability, {label}" if label else "Reliability"
        parts.append(section(title, _reliability_table(chosen, width)))
    return [*parts, "\n".join(wrap_text(_legend(result.factors), width))]


def _reliability_table(factors: Sequence[FactorReliability], width: int) -> str:
    names = list(factors[0].coefficients)
    columns: list[str] = ["factor", "items"]
    for name in names:
        columns += [_SHORT[name], *(("lower", "upper") if name.startswith("omega") else ())]
    rows = []
    for item in factors:
        cells: list[object] = [item.factor, str(len(item.items))]
        for name in names:
            found = item.coefficients[name]
            cells += [found.value, *((found.lower, found.upper) if name.startswith("omega") else ())]
        rows.append(cells)
    return render_table(columns, rows, width=width)


def _legend(factors: Sequence[FactorReliability]) -> str:
    text = (
        "omega: share of the variance of the items' sum that the factor carries, with its 95% interval; CR: composite "
        "reliability; AVE: average variance extracted."
    )
    if any("alpha_ordinal" in item.coefficients for item in factors):
        text += (
            " alpha and omega (categorical omega) are those of sums of answers; ordinal (ordinal alpha), CR and AVE "
            "those of the latent responses."
        )
    return text


def summarise_validity(result: Validity, *, width: int = 80) -> str:
    """Return pairs with their verdicts, and findings."""
    parts = [*validity_sections(result, width), section("What to know", render_findings(result.findings, width))]
    return "\n\n".join(part for part in parts if part)


def validity_sections(result: Validity, width: int) -> list[str]:
    """Return one section per group with the pairs that are most alike, and the rules."""
    if not result.records:
        return [section("Validity", "One construct: there is no pair to compare.")]
    parts = []
    for number, label in enumerate(result.group_labels, start=1):
        frame = result.pairs.loc[result.pairs["group"] == number]
        by_size = frame.assign(size=frame["correlation"].abs()).sort_values("size", ascending=False, kind="stable")
        rows = [_pair_row(row) for row in by_size.head(_MOST_PAIRS).to_dict("records")]
        columns = ["pair", "r", "lower", "upper", "HTMT", "HTMT2", "AVE > r2", "verdict"]
        body = render_table(columns, rows, width=width)
        rest = len(frame) - len(rows)
        if rest > 0:
            more = f"... and {count_of(rest, 'pair')} with smaller correlations (fit.validity().pairs, --json)."
            body = "\n".join([body, *wrap_text(more, width, hanging=2)])
        parts.append(section(f"Validity, {label}" if label else "Validity", body))
    rules = (
        f"verdict: upper limit of the size of the correlation below {STRICT:.2f} distinct, below {LIBERAL:.2f} "
        "doubtful, else not distinct; HTMT is judged by the same thresholds. AVE > r2: both extracted variances exceed "
        "the squared correlation (Fornell & Larcker)."
    )
    return [*parts, "\n".join(wrap_text(rules, width))]


def _pair_row(row: Mapping[Any, Any]) -> list[object]:
    larger = row["fornell_larcker"]
    return [
        f"{row['first']} with {row['second']}",
        row["correlation"],
        row["ci_lower"],
        row["ci_upper"],
        row["htmt"],
        row["htmt2"],
        "" if larger is None else "yes" if larger else "no",
        row["verdict"] or "",
    ]


def summarise_items(result: ItemAnalysis, *, width: int = 80) -> str:
    """Return scales, items with their answers, and findings."""
    parts = [
        section("Scales", _scales_table(result, width)),
        *item_sections(result, width),
        section("What to know", render_findings(result.findings, width)),
    ]
    return "\n\n".join(part for part in parts if part)


def _scales_table(result: ItemAnalysis, width: int) -> str:
    has_groups = any(scale.group for scale in result.analysed)
    columns = ["scale", *(["group"] if has_groups else []), "items", "n", "alpha", "lower", "upper"]
    columns += [*(["ordinal alpha"] if result.ordered else []), "mean r"]
    rows = []
    for row in result.scales.to_dict("records"):
        cells = [row["scale"], *([row["group"]] if has_groups else []), str(row["n_items"]), str(row["n_obs"])]
        cells += [row["alpha"], row["ci_lower"], row["ci_upper"]]
        rows.append([*cells, *([row["alpha_ordinal"]] if result.ordered else []), row["mean_correlation"]])
    reasons = dict.fromkeys(f"{row['scale']}: {row['reason']}." for row in _with_reason(result))
    lines = [line for reason in reasons for line in wrap_text(reason, width, hanging=2)]
    return "\n".join([render_table(columns, rows, width=width), *lines])


def _with_reason(result: ItemAnalysis) -> Iterable[Mapping[Any, Any]]:
    return [row for row in result.scales.to_dict("records") if row["reason"]]


def item_sections(result: ItemAnalysis, width: int) -> list[str]:
    """Return one section per group: items under their scales, with shares of the answers from low to high."""
    parts = []
    for label in dict.fromkeys(scale.group for scale in result.analysed):
        rows: list[list[object]] = []
        for scale in result.analysed:
            if scale.group == label:
                rows.append([scale.name])
                rows.extend(_item_rows(result, scale.name, label))
        columns = ["item", "mean", "sd", "skew", "rest", "without", "answers, %"]
        parts.append(section(f"Items, {label}" if label else "Items", render_table(columns, rows, width=width)))
    legend = (
        "(R): asked from the other pole and turned in scoring; rest: correlation with the sum of the scale's other "
        "items; without: alpha without the item; answers from the lowest to the highest score."
    )
    return [*parts, "\n".join(wrap_text(legend, width))]


def _item_rows(result: ItemAnalysis, scale: str, label: str) -> list[list[object]]:
    frame, answers = result.items, result.answers
    chosen = frame.loc[(frame["scale"] == scale) & (frame["group"] == label)].to_dict("records")
    own = answers.loc[(answers["scale"] == scale) & (answers["group"] == label)]
    rows: list[list[object]] = []
    for row in chosen:
        shares = own.loc[own["item"] == row["item"], "share"].tolist()
        told = " ".join(format_number(100 * share, 0) for share in shares)
        name = f"  {row['item']} (R)" if row["reverse"] else f"  {row['item']}"
        rows.append([name, row["mean"], row["sd"], row["skewness"], row["item_rest"], row["alpha_without"], told])
    return rows
