"""A fit as text: how it ended, fit measures, parameters block by block, R-squared, and what a reader must know."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from trustsem.fitting.theory import theory_behind
from trustsem.moments.linalg import blas_threads_for
from trustsem.records import Finding, Severity
from trustsem.tables import modification_frame
from trustsem.tables.text import (
    format_cell,
    format_number,
    format_pvalue,
    heading,
    render_pairs,
    render_table,
    wrap_text,
)

if TYPE_CHECKING:
    import pandas as pd

    from trustsem.fitting.result import Fit

_COLUMNS = ("", "est", "se", "z", "p", "lower", "upper", "std_all")
_MAX_ITEMS_WITH_INDICES = 100
_ORDER = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}


def summarise(fit: Fit, *, width: int = 80, measures: str = "main", standardized: bool = False) -> str:
    """Return the text that `trustsem fit` prints.

    Args:
        fit: A fitted model.
        width: Characters a line may have.
        measures: "main", or "all" for every fit measure and why one is undefined.
        standardized: Add the standardised solution with standard errors of its own.
    """
    parts = [
        render_header(fit, width),
        section("Fit", render_measures(fit, width) if measures == "main" else render_all_measures(fit, width)),
        *_parameter_sections(fit.estimates, "est", width),
    ]
    if standardized and fit.converged:
        parts.append("\n".join(wrap_text("Standardised solution (std_all) with standard errors of its own", width)))
        parts.extend(_parameter_sections(fit.standardized(), "est_std", width))
    if fit.converged:
        parts.append(section("R-squared", _render_r_squared(fit.r_squared(), width)))
        parts.append(section("Largest misfit", render_misfit(fit, width)))
    constraints = fit.fitted.table.constraints.texts
    if constraints:
        parts.append(section("Equality constraints", "\n".join(constraints)))
    parts.append(section("What to know", render_findings(fit.findings, width)))
    return "\n\n".join(part for part in parts if part)


def section(title: str, body: str) -> str:
    """Return a body under its heading; nothing where there is no body."""
    return f"{heading(title)}\n{body}" if body else ""


def render_misfit(fit: Fit, width: int = 80, *, top: int = 3) -> str:
    """Return where the model misses the data most: residual correlations, and parameters that it holds fixed.

    Nothing for a saturated model; no modification indices beyond 100 items, where they take seconds.
    """
    if fit.fitted.identification.df == 0:
        return ""
    with blas_threads_for(len(fit.fitted.table.variables.observed)):
        return _render_misfit(fit, width, top)


def _render_misfit(fit: Fit, width: int, top: int) -> str:
    residuals = fit.residuals("cor_bollen").largest(top).to_dict("records")
    rows = [[f"{row['lhs']} with {row['rhs']}", row["residual"], row["z"]] for row in residuals]
    blocks = [render_table(["residual correlation", "r", "z"], rows, width=width)]
    if len(fit.fitted.table.variables.observed) <= _MAX_ITEMS_WITH_INDICES:
        blocks.append(_render_indices(fit, width, top))
    return "\n\n".join(block for block in blocks if block)


def _render_indices(fit: Fit, width: int, top: int) -> str:
    frame = modification_frame(fit.fitted, theory_behind(fit.fitted.table), top=top)
    if frame.empty:
        return ""
    with_theory = "theory" in frame.columns
    rows = []
    for row in frame.to_dict("records"):
        cells = [f"{row['lhs']} {row['op']} {row['rhs']}", row["mi"], row["epc"]]
        rows.append([*cells, "yes" if row["theory"].startswith("allowed") else "no"] if with_theory else cells)
    columns = ["modification index", "mi", "epc", *(["theory"] if with_theory else [])]
    note = "mi: expected drop of chi-square if freed; epc: expected estimate"
    note += "; theory: whether the theory draws this path." if with_theory else "."
    return "\n".join([render_table(columns, rows, width=width), "", *wrap_text(note, width)])


def render_header(fit: Fit, width: int = 80) -> str:
    """Return model, data, rows, estimator and how the fit ended."""
    library, given = fit.model.library, fit.options.to_dict()
    total = fit.data.n_total
    optimum = fit.fitted.estimate.optimum
    state = "converged" if fit.converged else f"DID NOT CONVERGE ({optimum.status.value})"
    ended = f"{state} after {fit.fitted.estimate.iterations} steps ({optimum.method})"
    solution = "" if not fit.converged else "admissible" if fit.admissible else "NOT ADMISSIBLE, see the end"
    return render_pairs(
        [
            ("Model", fit.model.name or "(text)"),
            ("", library.title.text() if library and library.title else None),
            ("Data", _data_text(fit)),
            ("Rows used", f"{fit.n_obs} of {total}" if total is not None else f"{fit.n_obs}"),
            ("Estimator", f"{_estimator(given)}, {given['likelihood']} likelihood, {given['information']} information"),
            ("", _other_estimator(fit)),
            ("Parameters", f"{fit.fitted.table.n_parameters}; degrees of freedom {fit.fitted.identification.df}"),
            ("Ended", ended),
            ("Solution", solution),
        ],
        width=width,
    )


def _estimator(given: dict[str, Any]) -> str:
    return str(given["estimator"]).upper()


def _other_estimator(fit: Fit) -> str | None:
    """Say that a shipped model was made for another estimator than the one that was used."""
    library, used = fit.model.library, _estimator(fit.options.to_dict())
    if library is None or library.estimator is None or library.estimator.upper() == used:
        return None
    answers = " of ordered answers" if library.ordered else ""
    return f"(this model was made for {library.estimator}{answers}; here answers are taken as continuous)"


def _data_text(fit: Fit) -> str:
    source = fit.data.source
    if source is None:
        return "moments" if fit.data.n_total is None else "data frame"
    codebook = source.get("codebook")
    return f"{source['file']}, {f'codebook {codebook}' if codebook else 'no codebook'}"


def render_measures(fit: Fit, width: int = 80) -> str:
    """Return the main fit measures; what is undefined says why."""
    value, reasons = fit.fit_measures, fit.undefined_measures

    def shown(name: str, *, p: bool = False) -> str:
        number = value.get(name)
        if number is None:
            return f"undefined ({reasons.get(name, 'no reason given')})"
        return format_pvalue(number) if p else format_number(number)

    interval = ""
    if value.get("rmsea") is not None and value.get("rmsea_ci_lower") is not None:
        interval = f", 90% interval {shown('rmsea_ci_lower')} to {shown('rmsea_ci_upper')}"
        interval += f", p (RMSEA <= .05) {shown('rmsea_pvalue', p=True)}"
    return render_pairs(
        [
            ("Chi-square", f"{shown('chisq')}, df {format_cell(_whole(value.get('df')))}, p {shown('pvalue', p=True)}"),
            ("CFI", shown("cfi")),
            ("TLI", shown("tli")),
            ("RMSEA", shown("rmsea") + interval),
            ("SRMR", shown("srmr")),
            ("AIC", shown("aic")),
            ("BIC", shown("bic")),
        ],
        width=width,
    )


def _whole(value: float | None) -> int | None:
    return None if value is None else int(value)


def render_all_measures(fit: Fit, width: int = 80) -> str:
    """Return every fit measure by lavaan's name, and the reasons of those that are undefined."""
    rows = [[name, _measure(name, value)] for name, value in fit.fit_measures.items()]
    table = render_table(["measure", "value"], rows, width=width)
    reasons = [f"{name}: {reason}" for name, reason in fit.undefined_measures.items()]
    lines = [line for reason in reasons for line in wrap_text(reason, width, hanging=2)]
    return "\n".join([table, *(["", "Undefined:", *lines] if lines else [])])


def _measure(name: str, value: float | None) -> str:
    if value is None:
        return ""
    if name.endswith("pvalue"):
        return format_pvalue(value)
    return str(int(value)) if name in ("npar", "df", "baseline_df", "ntotal") else format_number(value)


# --- parameters -------------------------------------------------------------------------------------------------


def _parameter_sections(frame: pd.DataFrame, value: str, width: int) -> list[str]:
    """Return one section per kind of parameter, in the order in which a reader asks for them."""
    records = frame.to_dict("records")
    endogenous = {row["lhs"] for row in records if row["op"] == "~"} | {
        row["rhs"] for row in records if row["op"] == "=~"
    }
    blocks = (
        ("Loadings", "=~", None),
        ("Regressions", "~", None),
        ("Covariances", "~~", lambda row: row["lhs"] != row["rhs"]),
        ("Variances", "~~", lambda row: row["lhs"] == row["rhs"] and row["lhs"] not in endogenous),
        ("Residual variances", "~~", lambda row: row["lhs"] == row["rhs"] and row["lhs"] in endogenous),
        ("Intercepts", "~1", None),
        ("Defined", ":=", None),
    )
    groups = sorted({row["group"] for row in records})
    sections = []
    for group in groups:
        for title, op, keep in blocks:
            rows = [r for r in records if r["op"] == op and r["group"] == group and (keep is None or keep(r))]
            if rows:
                shown = f"{title}, group {group}" if len(groups) > 1 else title
                sections.append(section(shown, _render_block(rows, value, width)))
    return sections


def _render_block(rows: Sequence[dict[str, Any]], value: str, width: int) -> str:
    columns = [name for name in _COLUMNS if name != "std_all" or value == "est"]
    lines: list[list[object]] = []
    for index, row in enumerate(rows):
        is_grouped = row["op"] in ("=~", "~") or (row["op"] == "~~" and row["lhs"] != row["rhs"])
        if is_grouped and (index == 0 or rows[index - 1]["lhs"] != row["lhs"]):
            lines.append([f"{row['lhs']} {row['op']}"])
        name = f"  {row['rhs']}" if is_grouped else row["lhs"]
        if row["label"] and row["op"] != ":=":
            name += f" ({row['label']})"
        lines.append([name, *_numbers(row, value)])
    return render_table(columns, lines, width=width)


def _numbers(row: dict[str, Any], value: str) -> list[object]:
    numbers: list[object] = [row[value]]
    if math.isnan(row["se"]):  # fixed or without a standard error: an interval would look like knowledge
        numbers += [None, None, "", None, None]
    else:
        numbers += [row["se"], row["z"], format_pvalue(row["pvalue"]), row["ci_lower"], row["ci_upper"]]
    return [*numbers, row["std_all"]] if value == "est" else numbers


def _render_r_squared(values: dict[str, float | None], width: int) -> str:
    longest = max((len(name) for name in values), default=0)
    per_line = max((width + 2) // (longest + 9), 1)
    cells = [f"{name:<{longest}}  {_share(share):>5}" for name, share in values.items()]
    rows = [cells[start : start + per_line] for start in range(0, len(cells), per_line)]
    return "\n".join("  ".join(row).rstrip() for row in rows)


def _share(value: float | None) -> str:
    return "none" if value is None else format_number(value)


# --- findings ---------------------------------------------------------------------------------------------------


def render_findings(findings: Iterable[Finding], width: int = 80) -> str:
    """Return findings, the gravest first, each with its remedy."""
    lines: list[str] = []
    for finding in sorted(findings, key=lambda item: _ORDER[item.severity]):
        lines.extend(wrap_text(f"{finding.severity.value}: {finding.message}", width, hanging=2))
        if finding.remedy:
            lines.extend(wrap_text(f"  -> {finding.remedy}", width, hanging=3))
    return "\n".join(lines) or "Nothing beyond the numbers above."
