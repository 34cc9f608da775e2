"""A comparison as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trustsem.fitting.summary import render_findings, section
from trustsem.inference.difference import DifferenceMethod
from trustsem.tables.text import format_pvalue, render_table, wrap_text

if TYPE_CHECKING:
    from trustsem.fitting.comparison import Comparison
    from trustsem.tables.comparison import ComparedPair

DIFFERENCE_METHODS = {
    DifferenceMethod.STANDARD: "the chi-squares as they are",
    DifferenceMethod.SATORRA_BENTLER_2001: "scaled by Satorra & Bentler (2001)",
    DifferenceMethod.SATORRA_BENTLER_2010: "scaled by Satorra & Bentler (2010)",
    DifferenceMethod.SATORRA_2000: "scaled and shifted by Satorra (2000)",
    DifferenceMethod.SATORRA_2000_EXACT: "scaled and shifted by Satorra (2000), exact restrictions",
}


def summarise_comparison(comparison: Comparison, *, width: int = 80) -> str:
    """Return models, differences and findings as text.

    Args:
        comparison: What `compare` returned.
        width: Characters a line may have.
    """
    parts = [
        section("Models", _render_models(comparison, width)),
        section("Each model against the one above", _render_pairs(comparison, width)),
        section("What to know", render_findings(comparison.findings, width)),
    ]
    return "\n\n".join(part for part in parts if part)


def _render_models(comparison: Comparison, width: int) -> str:
    robust = _is_robust(comparison)
    names = ["chisq_scaled" if robust else "chisq", "aic", "bic", *_indices(comparison)]
    rows = []
    for model in comparison.models:
        values = [None if name in ("aic", "bic") and not model.has_criteria else model.measure(name) for name in names]
        rows.append([model.name, model.fitted.table.n_parameters, model.fitted.test.df, *values])
    columns = ["model", "par", "df", *(name.split("_")[0] for name in names)]
    kind = names[-3].partition("_")[2]
    note = f"par: parameters; chi-square scaled{f', CFI and RMSEA {kind}' if kind else ''}."
    return "\n".join([render_table(columns, rows, width=width), *(["", *wrap_text(note, width)] if robust else [])])


def _is_robust(comparison: Comparison) -> bool:
    return all("chisq_scaled" in model.fitted.measures.values for model in comparison.models)


def _indices(comparison: Comparison) -> tuple[str, ...]:
    """Return the indices to show: robust ones where every model has them, else those that all have."""
    measures = [model.fitted.measures.values for model in comparison.models]
    if all(values.get("cfi_robust") is not None for values in measures):
        return ("cfi_robust", "rmsea_robust", "srmr")
    is_ordinal = any(model.fitted.table.ordinal is not None for model in comparison.models)
    if is_ordinal and all("cfi_scaled" in values for values in measures):
        return ("cfi_scaled", "rmsea_scaled", "srmr")
    return ("cfi", "rmsea", "srmr")


def _render_pairs(comparison: Comparison, width: int) -> str:
    rows, methods = [], []
    for pair in comparison.pairs:
        rows.append([f"{pair.restricted} - {pair.general}", *_cells(comparison, pair)])
        if pair.test is not None:
            methods.append(DIFFERENCE_METHODS[pair.test.method])
    columns = ["difference", "chisq", "df", "p", "rmsea_d", "d_cfi", "d_rmsea", "d_srmr"]
    notes = [f"Difference of chi-squares: {'; '.join(dict.fromkeys(methods))}."] if methods else []
    notes.append("rmsea_d: RMSEA of the restrictions alone; d_: this model less the one above.")
    lines = [line for note in notes for line in wrap_text(note, width)]
    return "\n".join([render_table(columns, rows, width=width), "", *lines])


def _cells(comparison: Comparison, pair: ComparedPair) -> list[object]:
    models = {model.name: model for model in comparison.models}
    restricted, general = models[pair.restricted], models[pair.general]
    test = pair.test
    tested: list[object] = [None, None, "", None]
    if test is not None:
        tested = [test.statistic, test.df, format_pvalue(test.pvalue), test.rmsea]
    deltas = [
        restricted.measure(name) - general.measure(name) if pair.same_data else None for name in _indices(comparison)
    ]
    return [*tested, *deltas]
