"""A fit as text: how it ended, fit measures, parameters block by block, R-squared, and what a reader must know."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from trustsem.effects import r_squared
from trustsem.fitting.account import (
    cluster_account,
    group_accounts,
    missing_account,
    ordinal_account,
    weight_account,
)
from trustsem.fitting.theory import theory_behind
from trustsem.inference.standard_errors import ErrorKind
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

_LEAST_SQUARES = {
    "DWLS": "diagonally weighted least squares",
    "WLS": "weighted least squares with the full weight matrix",
    "ULS": "unweighted least squares",
}
_COLUMNS = ("", "est", "se", "z", "p", "lower", "upper", "std_all")
_MAX_ITEMS_WITH_INDICES = 100
_EQUAL_THRESHOLDS = re.compile(r"([^|]+\|t\d+) == \1\.g\d+")  # of one item in two groups
_MAX_EQUAL_THRESHOLDS = 8
_MOST_THRESHOLDS = 6  # as many fit on a line
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
        section("Fit by group", render_group_fit(fit, width)),
        *_parameter_sections(fit.estimates, "est", width, fit.group_labels),
    ]
    if standardized and fit.converged:
        parts.append("\n".join(wrap_text("Standardised solution (std_all) with standard errors of its own", width)))
        parts.extend(_parameter_sections(fit.standardized(), "est_std", width, fit.group_labels))
    if fit.converged:
        parts.extend(_r_squared_sections(fit, width))
        parts.append(section("Largest misfit", render_misfit(fit, width)))
    constraints = fit.fitted.table.constraints.texts
    if constraints:
        parts.append(section("Equality constraints", "\n".join(_constraint_lines(constraints, width))))
    parts.append(section("What to know", render_findings(fit.findings, width)))
    return "\n\n".join(part for part in parts if part)


def _constraint_lines(texts: Sequence[str], width: int) -> list[str]:
    """Return one line per constraint; of many thresholds that are equal across groups the items only."""
    thresholds = [text for text in texts if _EQUAL_THRESHOLDS.fullmatch(text)]
    if len(thresholds) <= _MAX_EQUAL_THRESHOLDS:
        return list(texts)
    items = list(dict.fromkeys(text.split("|")[0] for text in thresholds))
    told = f"{len(thresholds)} equal thresholds across groups: {', '.join(items)}"
    return [*wrap_text(told, width, hanging=2), *(text for text in texts if text not in set(thresholds))]


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
    residuals = fit.residuals("cor_bollen").largest(None)
    residuals = residuals.loc[residuals["op"] == "~~"].head(top).to_dict("records")
    groups = fit.group_labels
    rows = [
        [f"{row['lhs']} with {row['rhs']}", *_group_cell(groups, row), row["residual"], row["z"]] for row in residuals
    ]
    blocks = [render_table(["residual correlation", *_group_column(groups), "r", "z"], rows, width=width)]
    if len(fit.fitted.table.variables.observed) <= _MAX_ITEMS_WITH_INDICES:
        blocks.append(_render_indices(fit, width, top))
    return "\n\n".join(block for block in blocks if block)


def _group_column(groups: Sequence[str]) -> list[str]:
    return ["group"] if groups else []


def _group_cell(groups: Sequence[str], row: dict[Any, Any]) -> list[object]:
    return [groups[row["group"] - 1]] if groups else []


def _render_indices(fit: Fit, width: int, top: int) -> str:
    frame = modification_frame(fit.fitted, theory_behind(fit.fitted.table), top=top)
    if frame.empty:
        return ""
    with_theory, is_scaled = "theory" in frame.columns, "mi_scaled" in frame.columns
    rows = []
    for row in frame.to_dict("records"):
        cells = [f"{row['lhs']} {row['op']} {row['rhs']}", *_group_cell(fit.group_labels, row), row["mi"]]
        cells += [*([row["mi_scaled"]] if is_scaled else []), row["epc"]]
        rows.append([*cells, "yes" if row["theory"].startswith("allowed") else "no"] if with_theory else cells)
    columns = ["modification index", *_group_column(fit.group_labels), "mi", *(["scaled"] if is_scaled else []), "epc"]
    columns += ["theory"] if with_theory else []
    note = "mi: expected drop of chi-square if freed; epc: expected change of the estimate"
    note += "; scaled: mi divided by the scaling factor" if is_scaled else ""
    note += "; theory: whether the theory draws this path." if with_theory else "."
    return "\n".join([render_table(columns, rows, width=width), "", *wrap_text(note, width)])


def render_header(fit: Fit, width: int = 80) -> str:
    """Return model, data, rows, estimator and how the fit ended."""
    library = fit.model.library
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
            *_data_pairs(fit),
            ("Estimator", _estimator_text(fit)),
            ("", _other_estimator(fit)),
            ("", _corrections(fit)),
            ("Parameters", f"{fit.fitted.table.n_parameters}; degrees of freedom {fit.fitted.identification.df}"),
            ("Ended", ended),
            ("Solution", solution),
        ],
        width=width,
    )


def _data_pairs(fit: Fit) -> list[tuple[str, object]]:
    """Return what there is to say of groups, missing answers, clusters and weights."""
    pairs: list[tuple[str, object]] = []
    groups = group_accounts(fit)
    if groups:
        column = fit.options.data.group
        sizes = ", ".join(f"{item.label} {item.n_obs}" for item in groups)
        pairs.append(("Groups", f"{sizes} (by {column})" if column else sizes))
    pairs += _ordinal_pairs(fit)
    missing, clusters, weights = missing_account(fit), cluster_account(fit), weight_account(fit)
    if missing is not None:
        one, other = missing.lowest_pair
        patterns = f"{missing.n_patterns} pattern{'' if missing.n_patterns == 1 else 's'}"
        pairs.append(
            (
                "Missing",
                f"{missing.treatment}: {missing.share_missing:.1%} of the answers, {patterns}; fewest rows with both "
                f"items: {one} and {other}, {missing.lowest_coverage:.0%}",
            )
        )
    if fit.options.data.auxiliary:
        pairs.append(("", f"auxiliary variables: {', '.join(fit.options.data.auxiliary)}"))
    if clusters is not None:
        sizes = f"{clusters.smallest} to {clusters.largest} rows each"
        pairs.append(("Clusters", f"{clusters.n_clusters} (by {clusters.column}), {sizes}"))
    if weights is not None:
        spread = f"{format_number(weights.smallest, 2)} to {format_number(weights.largest, 2)}"
        effective = f"worth {weights.effective_n:.0f} equal ones"
        pairs.append(("Weights", f"{weights.column}, scaled by {weights.normalization}: {spread}; {effective}"))
    return pairs


def _ordinal_pairs(fit: Fit) -> list[tuple[str, object]]:
    """Return which items are ordinal, and what their model is fitted to."""
    account = ordinal_account(fit)
    if account is None:
        return []
    counts = sorted({len(item.scores) for item in account.items})
    spread = f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    what = f"thresholds and {account.correlations} correlations of latent responses"
    given = f", given {', '.join(account.given)}" if account.given else ""
    items = f"{len(account.items)} item{'' if len(account.items) == 1 else 's'}"
    return [
        ("Ordinal", f"{items} with {spread} categories; {account.parameterization} parameterization"),
        ("", f"fitted to {what}{given}"),
    ]


def _estimator_text(fit: Fit) -> str:
    given = fit.options.to_dict()
    if fit.fitted.table.ordinal is not None:
        return f"{_estimator(given)}: {_LEAST_SQUARES[fit.options.pipeline.spec.discrepancy]}"
    return f"{_estimator(given)}, {_likelihood_text(fit)}{given['information']} information"


def _likelihood_text(fit: Fit) -> str:
    pipeline = fit.options.pipeline
    if pipeline.full_information:
        return "full information, "
    return f"{pipeline.likelihood.value} likelihood, " if pipeline.discrepancy.is_likelihood else ""


def _corrections(fit: Fit) -> str | None:
    """Name standard errors and tests that are not those of normal theory."""
    pipeline = fit.options.pipeline
    parts = []
    if fit.resampled is not None:
        parts.append(f"standard errors from {fit.resampled.n_used:,} bootstrap draws (seed {fit.resampled.seed})")
    elif pipeline.used_errors is not ErrorKind.STANDARD:
        parts.append(f"standard errors {pipeline.used_errors.value}")
    tests = [test.kind.value for test in fit.fitted.tests if test.kind.value != "standard"]
    if tests:
        parts.append(f"test {', '.join(tests)}")
    if parts and pipeline.discrepancy.is_likelihood:
        parts.append(f"{pipeline.h1.value} h1")
    return "; ".join(parts) or None


def _estimator(given: dict[str, Any]) -> str:
    return str(given["estimator"]).upper()


def _other_estimator(fit: Fit) -> str | None:
    """Say that a shipped model was made for another estimator than the one that was used."""
    library, used = fit.model.library, _estimator(fit.options.to_dict())
    if library is None or library.estimator is None or library.estimator.upper() == used:
        return None
    if fit.options.ordinal is not None:
        return f"(this model was made for {library.estimator}{'' if library.ordered else ' of continuous answers'})"
    answers = " of ordered answers" if library.ordered else ""
    return f"(this model was made for {library.estimator}{answers}; here answers are taken as continuous)"


def _data_text(fit: Fit) -> str:
    source = fit.data.source
    if source is None:
        return "moments" if fit.data.n_total is None else "data frame"
    codebook = source.get("codebook")
    files = f" ({source['files']} files)" if source.get("files", 1) > 1 else ""
    return f"{source['file']}{files}, {f'codebook {codebook}' if codebook else 'no codebook'}"


def render_measures(fit: Fit, width: int = 80) -> str:
    """Return the main fit measures; what is undefined says why. Scaled and robust ones stand beside the plain ones."""
    kinds = [kind for kind in ("scaled", "robust") if any(name.endswith(f"_{kind}") for name in fit.fit_measures)]
    return _plain_measures(fit, width) if not kinds else _measures_by_kind(fit, kinds, width)


def _shown_measure(fit: Fit, name: str, *, p: bool = False) -> str:
    number = fit.fit_measures.get(name)
    if number is None:
        return f"undefined ({fit.undefined_measures.get(name, 'no reason given')})"
    return format_pvalue(number) if p else format_number(number)


def _plain_measures(fit: Fit, width: int) -> str:
    value = fit.fit_measures

    def shown(name: str, *, p: bool = False) -> str:
        return _shown_measure(fit, name, p=p)

    interval = ""
    if value.get("rmsea") is not None and value.get("rmsea_ci_lower") is not None:
        interval = f", 90% interval {shown('rmsea_ci_lower')} to {shown('rmsea_ci_upper')}"
        interval += f", p (RMSEA <= .05) {shown('rmsea_pvalue', p=True)}"
    criteria = [("AIC", shown("aic")), ("BIC", shown("bic"))] if "aic" in value else []
    return render_pairs(
        [
            ("Chi-square", f"{shown('chisq')}, df {format_cell(_whole(value.get('df')))}, p {shown('pvalue', p=True)}"),
            ("CFI", shown("cfi")),
            ("TLI", shown("tli")),
            ("RMSEA", shown("rmsea") + interval),
            ("SRMR", shown("srmr")),
            *([("WRMR", shown("wrmr"))] if fit.fitted.table.ordinal is not None else []),
            *criteria,
        ],
        width=width,
    )


def _measures_by_kind(fit: Fit, kinds: Sequence[str], width: int) -> str:
    """Return one column per kind of measure: plain, scaled and robust."""
    suffixes = ("", *(f"_{kind}" for kind in kinds))
    missing: list[tuple[str, str]] = []

    def row(label: str, name: str, *, p: bool = False, whole: bool = False) -> list[object]:
        cells: list[object] = [label]
        for suffix in suffixes:
            if f"{name}{suffix}" not in fit.fit_measures:
                cells.append("")
                continue
            number = fit.fit_measures[f"{name}{suffix}"]
            if number is None:
                missing.append((f"{name}{suffix}", _shown_measure(fit, f"{name}{suffix}")))
            is_whole = whole and number is not None and float(number).is_integer()
            cells.append(_cell(number, p=p, whole=is_whole))
        return cells

    names = [
        row("Chi-square", "chisq"),
        row("df", "df", whole=True),
        row("p", "pvalue", p=True),
        row("CFI", "cfi"),
        row("TLI", "tli"),
        row("RMSEA", "rmsea"),
        row("  90% lower", "rmsea_ci_lower"),
        row("  90% upper", "rmsea_ci_upper"),
        row("  p (<= .05)", "rmsea_pvalue", p=True),
        row("SRMR", "srmr"),
        *([row("WRMR", "wrmr")] if fit.fitted.table.ordinal is not None else []),
        *([row("AIC", "aic"), row("BIC", "bic")] if "aic" in fit.fit_measures else []),
    ]
    rows = [line for line in names if any(line[1:])]
    lines = [render_table(["", "plain", *kinds], rows, width=width), ""]
    factor = fit.fit_measures.get("chisq_scaling_factor")
    if factor is not None:
        lines += wrap_text(f"Scaling factor of the chi-square: {format_number(factor)} ({_test_name(fit)}).", width)
    lines += [line for reason in _by_reason(missing) for line in wrap_text(reason, width, hanging=2)]
    has_robust = "robust" in kinds and fit.fit_measures.get("cfi_robust") is not None
    return "\n".join([*lines, *wrap_text(_advice(kinds, has_robust=has_robust), width)])


def _by_reason(missing: Sequence[tuple[str, str]]) -> list[str]:
    """Return one sentence per reason, with all measures that it makes undefined."""
    reasons: dict[str, list[str]] = {}
    for name, reason in missing:
        reasons.setdefault(reason, []).append(name)
    return [f"{', '.join(names)}: {reason}." for reason, names in reasons.items()]


def _advice(kinds: Sequence[str], *, has_robust: bool) -> str:
    """Say which column to read."""
    if "scaled" not in kinds:
        return "The robust column corrects CFI, TLI and RMSEA for missing answers: read it first."
    if not has_robust:
        return "Read the scaled column; this test has no robust CFI, TLI and RMSEA."
    return "Read the scaled chi-square, and the robust CFI, TLI and RMSEA."


def _cell(number: float | None, *, p: bool, whole: bool) -> str:
    if number is None:
        return "none"
    if p:
        return format_pvalue(number)
    return str(int(number)) if whole else format_number(number)


def _test_name(fit: Fit) -> str:
    return next(test.kind.value for test in fit.fitted.tests if test.kind.is_scaled)


def render_group_fit(fit: Fit, width: int = 80) -> str:
    """Return each group's part of the unscaled chi-square; nothing for one group."""
    if not fit.group_labels:
        return ""
    frame = fit.group_fit()
    rows = [
        [row["group_label"], str(row["n_obs"]), row["chisq"], _percent(row["share"]), row["srmr"]]
        for row in frame.to_dict("records")
    ]
    return render_table(["group", "n", "chi-square", "share", "SRMR"], rows, width=width)


def _percent(share: float) -> str:
    return "" if math.isnan(share) else f"{share:.0%}"


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
    if "pvalue" in name:
        return format_pvalue(value)
    is_count = name in ("npar", "ntotal") or name.removesuffix("_scaled") in ("df", "baseline_df")
    return str(int(value)) if is_count and float(value).is_integer() else format_number(value)


# --- parameters -------------------------------------------------------------------------------------------------


def _parameter_sections(frame: pd.DataFrame, value: str, width: int, labels: Sequence[str]) -> list[str]:
    """Return one section per group and kind of parameter, in the order in which a reader asks for them.

    Defined parameters belong to no group and come last.
    """
    records = _without_defaults(frame.to_dict("records"))
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
        ("Thresholds", "|", None),
        ("Scaling factors", "~*~", None),
    )
    sections = []
    for group in sorted({row["group"] for row in records}):
        for title, op, keep in blocks:
            rows = [r for r in records if r["op"] == op and r["group"] == group and (keep is None or keep(r))]
            if rows:
                shown = f"{title}, {labels[group - 1]}" if labels else title
                render = _render_thresholds if op == "|" else _render_block
                sections.append(section(shown, render(rows, value, width)))
    defined = [row for row in records if row["op"] == ":="]
    return [*sections, *([section("Defined", _render_block(defined, value, width))] if defined else [])]


def _without_defaults(records: list[dict[Any, Any]]) -> list[dict[Any, Any]]:
    """Leave out what identifies latent responses and says nothing: intercepts fixed at 0, scaling factors at 1."""
    items = {row["lhs"] for row in records if row["op"] == "|"}
    default = {"~1": 0.0, "~*~": 1.0}
    return [
        row
        for row in records
        if not (row["lhs"] in items and math.isnan(row["se"]) and row.get("est") == default.get(row["op"], math.nan))
    ]


def _render_thresholds(rows: Sequence[dict[str, Any]], value: str, width: int) -> str:
    """Return one line per item; their standard errors are those of `fit.thresholds()`."""
    most = max(int(row["rhs"][1:]) for row in rows)
    if most > _MOST_THRESHOLDS:
        return _render_block(rows, value, width)
    items: dict[str, list[object]] = {}
    for row in rows:
        items.setdefault(row["lhs"], []).append(row[value])
    lines = [[item, *values, *([None] * (most - len(values)))] for item, values in items.items()]
    return render_table(["", *(f"t{k}" for k in range(1, most + 1))], lines, width=width)


def _render_block(rows: Sequence[dict[str, Any]], value: str, width: int) -> str:
    columns = [name for name in _COLUMNS if name != "std_all" or value == "est"]
    lines: list[list[object]] = []
    for index, row in enumerate(rows):
        is_grouped = row["op"] in ("=~", "~", "|") or (row["op"] == "~~" and row["lhs"] != row["rhs"])
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


def _r_squared_sections(fit: Fit, width: int) -> list[str]:
    results = r_squared(fit.fitted.estimate)
    titles = [f"R-squared, {label}" for label in fit.group_labels] or ["R-squared"]
    return [section(title, _render_r_squared(result, width)) for title, result in zip(titles, results, strict=True)]


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
