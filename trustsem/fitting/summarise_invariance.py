"""An analysis of invariance as text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from trustsem.fitting.summarise_comparison import DIFFERENCE_METHODS
from trustsem.fitting.summary import render_findings, section
from trustsem.measurement import Attempt, Kind, Status, Step
from trustsem.tables.invariance import fit_columns
from trustsem.tables.text import format_number, format_pvalue, render_pairs, render_table, wrap_text

if TYPE_CHECKING:
    from trustsem.fitting.invariance import Invariance

_FITS = ("level", "chisq", "df", "cfi", "rmsea", "srmr")
_ORDINAL_INDICES = (
    "Robust CFI and RMSEA of ordinal items do not exist where thresholds are equal (Savalei 2021): every level is "
    "shown, and compared, by the scaled ones."
)
_CHANGES = ("against the level before", "chisq", "df", "p", "d_cfi", "d_rmsea", "d_srmr", "decided by")


def summarise_invariance(result: Invariance, *, width: int = 80) -> str:
    """Return rules, levels, exceptions, their effects, latent means and findings as text.

    Args:
        result: What `invariance` returned.
        width: Characters a line may have.
    """
    parts = [
        _header(result, width),
        section("Rules, fixed beforehand", _rules(result, width)),
        section("Levels", _levels(result, width)),
        section("Differences", _differences(result, width)),
        section("Decision", _decision(result, width)),
        section("Not equal in all groups", _released(result, width)),
        section("What unequal items do", _effects(result, width)),
        section("Latent means", _means(result, width)),
        section("Structure: single equalities", _structure(result, width)),
        section("What to know", render_findings(result.findings, width)),
    ]
    return "\n\n".join(part for part in parts if part)


def _header(result: Invariance, width: int) -> str:
    configural = result.configural
    library = configural.model.library
    sizes = zip(result.group_labels, configural.fitted.moments.groups, strict=True)
    options = configural.options.to_dict()
    return render_pairs(
        [
            ("Model", configural.model.name or "(text)"),
            ("", library.title.text() if library and library.title else None),
            ("Groups", ", ".join(f"{label} ({sample.n_obs})" for label, sample in sizes)),
            ("Estimator", f"{str(options['estimator']).upper()}, missing answers: {options['missing']}"),
        ],
        width=width,
    )


def _rules(result: Invariance, width: int) -> str:
    first, *criteria = result.ladder.rules.sentences()
    lines = wrap_text(first, width)
    for criterion in criteria:
        lines.extend(wrap_text(f"  - {criterion}", width, hanging=4))
    methods = {
        DIFFERENCE_METHODS[attempt.comparison.test.method]
        for step in result.ladder.steps
        for attempt in step.attempts
        if attempt.comparison is not None and attempt.comparison.test is not None
    }
    if methods:
        lines.extend(wrap_text(f"Chi-square difference: {'; '.join(sorted(methods))}.", width))
    indices = {
        measure
        for step in result.ladder.steps
        for attempt in step.attempts
        if attempt.comparison is not None
        for measure in attempt.comparison.indices.values()
    }
    if any(measure.endswith(("_robust", "_scaled")) for measure in indices):
        lines.extend(wrap_text(f"Indices: {', '.join(sorted(indices))}.", width))
    if result.configural.fitted.table.ordinal is not None:
        lines.extend(wrap_text(_ORDINAL_INDICES, width))
    return "\n".join(lines)


def _levels(result: Invariance, width: int) -> str:
    rows: list[list[object]] = []
    for step in result.ladder.steps:
        if not step.attempts and step.level.kind is Kind.MEASUREMENT:
            rows.append([f"{step.level.name}: not tested, {step.reason}"])
        for number, attempt in enumerate(step.attempts):
            values = fit_columns(attempt.fitted)
            numbers = [values[name] for name in ("chisq", "df", "cfi", "rmsea", "srmr")]
            rows.append([_name(step, number), numbers[0], _whole(numbers[1]), *numbers[2:]])
    return render_table(_FITS, rows, width=width)


def _whole(value: object) -> object:
    return int(value) if isinstance(value, float) and value == int(value) else value


def _name(step: Step, number: int) -> str:
    return step.level.name if number == 0 else f"{step.level.name}, {number} released"


def _differences(result: Invariance, width: int) -> str:
    rows = [list(_change(step, number, a)) for step in result.ladder.steps for number, a in enumerate(step.attempts)]
    shown = [row for row in rows if row]
    return render_table(_CHANGES, shown, width=width) if shown else ""


def _change(step: Step, number: int, attempt: Attempt) -> Iterator[object]:
    comparison = attempt.comparison
    if comparison is None:
        return
    yield f"{_name(step, number)} - {comparison.against}"
    test = comparison.test
    yield from (None, None, "") if test is None else (test.statistic, test.df, format_pvalue(test.pvalue))
    yield from (comparison.changes[name] for name in ("cfi", "rmsea", "srmr"))
    yield ", ".join(comparison.decision.decided_by) or ("-" if comparison.decision.rejected is False else "?")


def _decision(result: Invariance, width: int) -> str:
    pairs = []
    for step in result.ladder.steps[1:]:
        is_absent = step.level.kind is Kind.STRUCTURE and (step.reason or "").startswith("the model has no")
        if not is_absent:
            reason = f" ({step.reason})" if step.reason else ""
            says = _says(step)
            pairs.append((step.level.name, f"{step.status.value}{reason}{says}"))
    pairs.append(("Highest rung", result.decision))
    return render_pairs(pairs, width=width)


def _says(step: Step) -> str:
    if step.status is Status.PARTIAL:
        return f": {step.level.partly}"
    return f": {step.level.says}" if step.status.is_held else ""


def _released(result: Invariance, width: int) -> str:
    frame = result.released
    if frame.empty:
        return ""
    labels = result.group_labels
    rows = []
    for row in frame.to_dict("records"):
        values = [row[f"est_{label}"] for label in labels]
        why = "score test" if row["why"] == "score test" else "follows its item"
        rows.append(
            [f"{row['parameter']} ({row['level']})", *values, row["statistic"], format_pvalue(row["pvalue"]),
             format_pvalue(row["pvalue_holm"]), why]
        )  # fmt: skip
    table = render_table(["parameter (level)", *labels, "chisq", "p", "p Holm", "why"], rows, width=width)
    note = "p Holm: adjusted for the choice among all equal parameters of that step. Found by searching: see below."
    return "\n".join([table, "", *wrap_text(note, width)])


def _effects(result: Invariance, width: int) -> str:
    if result.items.empty:
        return ""
    items = [
        [row["item"], row["group"], row["dmacs"], row["dmacs_signed"], row["points"], row["ci_lower"], row["ci_upper"]]
        for row in result.items.to_dict("records")
    ]
    scales = [
        [row["factor"], row["group"], row["observed"], row["construct"], row["bias"], row["bias_ci_lower"],
         row["bias_ci_upper"]]
        for row in result.scales.to_dict("records")
        if row["unequal"]
    ]  # fmt: skip
    notes = (
        f"Against {result.group_labels[0]}, at the same level of the factor. dmacs: typical difference in standard "
        "deviations of the item, signed: its mean; points: mean difference in points of the item.",
        "Mean scores: difference as observed = by the construct + by unequal items (bias), in points of the scale.",
    )
    blocks = [
        render_table(["item", "group", "dmacs", "signed", "points", "lower", "upper"], items, width=width),
        render_table(["mean score", "group", "observed", "construct", "bias", "lower", "upper"], scales, width=width),
        "\n".join(line for note in notes for line in wrap_text(note, width)),
    ]
    return "\n\n".join(blocks)


def _means(result: Invariance, width: int) -> str:
    frame = result.latent_means
    if frame.empty:
        return ""
    rows = [
        [row["factor"], row["group"], row["est"], row["se"], format_pvalue(row["pvalue"]), row["ci_lower"],
         row["ci_upper"], row["d"]]
        for row in frame.to_dict("records")
    ]  # fmt: skip
    table = render_table(["factor", "group", "est", "se", "p", "lower", "upper", "d"], rows, width=width)
    ordinal = result.configural.fitted.table.ordinal is not None
    unit = "units of the marker's latent response" if ordinal else "points of the factor's marker"
    note = f"Differences from {result.group_labels[0]}, in {unit}; d: in standard deviations."
    return "\n".join([table, "", *wrap_text(note, width)])


def _structure(result: Invariance, width: int) -> str:
    frame = result.structure
    if frame.empty:
        return ""
    rows: list[list[object]] = []
    for level in dict.fromkeys(frame["level"]):
        rows.append([f"{level}:"])
        own = frame.loc[frame["level"] == level].sort_values("statistic", ascending=False)
        for row in own.to_dict("records"):
            values = [row[f"est_{label}"] for label in result.group_labels]
            rows.append([f"  {row['parameter']}", *values, format_number(row["statistic"], 2),
                         format_pvalue(row["pvalue"]), format_pvalue(row["pvalue_holm"])])  # fmt: skip
    return render_table(["equality", *result.group_labels, "chisq", "p", "p Holm"], rows, width=width)
