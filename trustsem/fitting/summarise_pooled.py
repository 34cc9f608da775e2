"""A pooled fit as text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from trustsem.fitting.summary import render_findings, section
from trustsem.suggestions import count_of
from trustsem.tables.text import format_number, format_pvalue, render_pairs, render_table, wrap_text

if TYPE_CHECKING:
    from trustsem.fitting.pooled import PooledFit

_BLOCKS: tuple[tuple[str, str, bool | None], ...] = (
    ("Loadings", "=~", None),
    ("Regressions", "~", None),
    ("Covariances", "~~", False),
    ("Variances", "~~", True),
    ("Intercepts", "~1", None),
    ("Defined", ":=", None),
)


def summarise_pooled(fit: PooledFit, *, width: int = 80) -> str:
    """Return the text that `trustsem fit-imputed` prints.

    Args:
        fit: A pooled fit.
        width: Characters a line may have.
    """
    parts = [
        _header(fit, width),
        section("Tests of the model", _tests(fit, width)),
        section(f"Fit, from {fit.pool}", _measures(fit, width)),
        *_parameters(fit, width),
        section("What to know", render_findings(fit.findings, width)),
    ]
    return "\n\n".join(part for part in parts if part)


def _imputation(fit: PooledFit) -> tuple[str | None, str | None]:
    """Return what was drawn from what, and the seed; nothing for data sets that were completed elsewhere."""
    drawn = fit.imputation
    if drawn is None:
        return None, None
    counts = drawn["n_imputed"].values()
    what = f"{count_of(sum(counts), 'answer')} to {count_of(len(counts), 'item')}"
    return f"{what}, drawn from {count_of(len(drawn['columns']), 'column')} (multivariate normal)", str(drawn["seed"])


def _header(fit: PooledFit, width: int) -> str:
    first, given = fit.fits[0], fit.fits[0].options.to_dict()
    df = "Rubin (1987)" if fit.complete_df is None else f"Barnard & Rubin (1999), complete data {fit.complete_df:g}"
    imputed, seed = _imputation(fit)
    return render_pairs(
        [
            ("Model", first.model.name or "(text)"),
            ("Data sets", f"{fit.n_imputations} of {fit.n_given} completed data sets, pooled by Rubin's rules"),
            ("Imputed", imputed),
            ("Seed", seed),
            ("Rows used", fit.n_obs),
            ("Estimator", f"{given['estimator']}, standard errors {given['se']}"),
            ("Parameters", f"{first.fitted.table.n_parameters}; degrees of freedom {first.fitted.identification.df}"),
            ("df of t", df),
        ],
        width=width,
    )


def _tests(fit: PooledFit, width: int) -> str:
    rows = [
        [row["test"], row["statistic"], f"{row['df1']:g}", _df(row["df2"]), format_pvalue(row["pvalue"]), row["riv"]]
        for row in fit.tests.to_dict("records")
    ]
    lines = [render_table(["test", "F", "df1", "df2", "p", "riv"], rows, width=width)] if rows else []
    for name, reason in fit.model_tests.undefined.items():
        lines.extend(wrap_text(f"{name}: undefined ({reason})", width, hanging=2))
    return "\n".join(lines)


def _df(value: float) -> str:
    return "inf" if math.isinf(value) or value >= 1e6 else f"{value:.1f}"


def _measures(fit: PooledFit, width: int) -> str:
    value, reasons = fit.fit_measures, fit.undefined_measures

    def shown(name: str) -> str:
        number = value.get(name)
        if number is None:
            return f"undefined ({reasons[name]})" if name in reasons else ""
        return format_pvalue(number) if "pvalue" in name else format_number(number)

    pairs = [("Chi-square", f"{shown('chisq')}, df {value['df']:g}, p of the F test {shown('pvalue')}")]
    if "chisq_scaled" in value:
        pairs.append(("  scaled", f"{shown('chisq_scaled')}, p of the F test {shown('pvalue_scaled')}"))
    for name in ("cfi", "tli", "rmsea"):
        for suffix, note in (("", ""), ("_scaled", "  scaled"), ("_robust", "  robust")):
            if f"{name}{suffix}" not in value:
                continue
            limits = [f"rmsea_ci_{end}{suffix}" for end in ("lower", "upper")]
            interval = ""
            if name == "rmsea" and all(value.get(limit) is not None for limit in limits):
                interval = f", 90% interval {shown(limits[0])} to {shown(limits[1])}"
            pairs.append((note or name.upper(), shown(f"{name}{suffix}") + interval))
    return render_pairs([*pairs, ("SRMR", shown("srmr"))], width=width)


def _parameters(fit: PooledFit, width: int) -> list[str]:
    records = fit.estimates.to_dict("records")
    labels = fit.fits[0].fitted.table.group_labels
    sections = []
    for group in sorted({row["group"] for row in records}):
        for title, op, own in _BLOCKS:
            rows = [row for row in records if row["op"] == op and row["group"] == group]
            rows = [row for row in rows if own is None or own is (row["lhs"] == row["rhs"])]
            if rows:
                shown = f"{title}, group {labels[int(group) - 1]}" if len(labels) > 1 else title
                sections.append(section(shown, _block(rows, width)))
    return sections


def _block(rows: Sequence[dict[str, Any]], width: int) -> str:
    lines: list[list[object]] = []
    for index, row in enumerate(rows):
        grouped = row["op"] in ("=~", "~") or (row["op"] == "~~" and row["lhs"] != row["rhs"])
        if grouped and (index == 0 or rows[index - 1]["lhs"] != row["lhs"]):
            lines.append([f"{row['lhs']} {row['op']}"])
        name = f"  {row['rhs']}" if grouped else row["lhs"]
        if row["label"] and row["op"] != ":=":
            name += f" ({row['label']})"
        lines.append([name, row["est"], *_inference(row), row["std_all"]])
    return render_table(["", "est", "se", "p", "lower", "upper", "fmi", "std_all"], lines, width=width)


def _inference(row: dict[str, Any]) -> list[object]:
    if math.isnan(row["se"]):
        return [None, "", None, None, None]
    return [row["se"], format_pvalue(row["pvalue"]), row["ci_lower"], row["ci_upper"], row["fmi"]]
