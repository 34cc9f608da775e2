"""Explored factors as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trustsem.fitting.summary import render_findings, section
from trustsem.tables.text import format_number, format_pvalue, render_pairs, render_table, wrap_text

if TYPE_CHECKING:
    from trustsem.fitting.exploration import Exploration

_MOST_COLUMNS = 6  # factors whose loadings fit side by side; more are in the frame and in the JSON


def summarise_exploration(result: Exploration, *, width: int = 80) -> str:
    """Return adequacy, parallel analysis, loadings, congruence and findings as text."""
    parts = [
        _header(result, width),
        section("Parallel analysis", _parallel(result, width)),
        section("Items", _items(result, width)),
        section("Factor loadings", _loadings(result, width)),
        section("Correlations of the factors", _correlations(result, width)),
        section("Constructs and the factors that stand for them", _congruence(result, width)),
        section("What to know", render_findings(result.findings, width)),
    ]
    return "\n\n".join(part for part in parts if part)


def _header(result: Exploration, width: int) -> str:
    kmo, test = result.adequacy, result.sphericity
    kind = "polychoric correlations" if result.ordered else "correlations"
    sphere = None
    if test is not None:
        sphere = f"{format_number(test.statistic)}, df {test.df}, p {format_pvalue(test.pvalue)}"
    return render_pairs(
        [
            ("Items", f"{len(result.names)}, {kind}, missing answers: {result.missing}"),
            ("Rows used", str(result.n_obs)),
            ("KMO", None if kmo is None else format_number(kmo.overall)),
            ("Bartlett", sphere),
            ("Factors", f"{result.n_factors} by {result.extraction.value}, rotation {result.rotation.value}"),
        ],
        width=width,
    )


def _parallel(result: Exploration, width: int) -> str:
    parallel = result.parallel
    shown = min(max(parallel.n_factors, result.n_factors) + 2, len(result.names))
    rows = [
        [
            str(row["component"]),
            row["observed"],
            row["random_mean"],
            row["random_limit"],
            "yes" if row["kept"] else "no",
        ]
        for row in result.eigenvalues.head(shown).to_dict("records")
    ]
    table = render_table(["component", "eigenvalue", "random", "95%", "larger"], rows, width=width)
    larger = f"{parallel.n_factors} larger than those of uncorrelated items"
    text = f"{larger} ({parallel.n_draws} draws, seed {parallel.seed})."
    return "\n".join([table, *wrap_text(text, width)])


def _items(result: Exploration, width: int) -> str:
    has_constructs = bool(result.constructs)
    columns = ["item", *(["own"] if has_constructs else []), "largest", "on", "communality", "MSA"]
    rows: list[list[object]] = []
    before = None
    for row in result.items.to_dict("records"):
        if has_constructs and row["construct"] != before:
            before = row["construct"]
            rows.append([before or "(no construct)"])
        on = f"{row['largest_on']} elsewhere" if row["elsewhere"] else row["largest_on"]
        own = [row["own_loading"]] if has_constructs else []
        name = f"  {row['item']}" if has_constructs else row["item"]
        rows.append([name, *own, row["largest_loading"], on, row["communality"], row["msa"]])
    return render_table(columns, rows, width=width)


def _loadings(result: Exploration, width: int) -> str:
    if result.n_factors == 1:  # the items' table has them
        return ""
    if result.n_factors > _MOST_COLUMNS:
        return "\n".join(wrap_text(f"{result.n_factors} factors: see .loadings, or --json.", width))
    rows = [[item, *values] for item, values in zip(result.names, result.factors.loadings.tolist(), strict=True)]
    return render_table(["item", *result.factor_names], rows, width=width)


def _correlations(result: Exploration, width: int) -> str:
    if not 1 < result.n_factors <= _MOST_COLUMNS:
        return ""
    names, values = result.factor_names, result.factors.correlations.tolist()
    rows = [[name, *row[: k + 1], *[None] * (len(names) - k - 1)] for k, (name, row) in enumerate(zip(names, values))]
    return render_table(["", *names], rows, width=width)


def _congruence(result: Exploration, width: int) -> str:
    if result.match is None:
        return ""
    rows = [
        [row["construct"], row["factor"] or "none", None if row["factor"] is None else row[row["factor"]]]
        for row in result.congruence.to_dict("records")
    ]
    return render_table(["construct", "factor", "congruence"], rows, width=width)
