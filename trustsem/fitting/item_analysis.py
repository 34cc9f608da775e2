"""`ts.item_analysis`: what each item and each scale is worth before a model is fitted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustsem.fitting.data_options import DataOptions
from trustsem.fitting.item_moments import (
    ItemMissing,
    item_moments,
    polychoric_moments,
    read_missing,
)
from trustsem.fitting.item_sets import Items, ItemSets, Model, all_items, item_sets, scored_data
from trustsem.fitting.rows import group_labels, group_name
from trustsem.instruments import Codebook
from trustsem.measurement import (
    NOT_FOR_POLYCHORICS,
    Coefficient,
    ScaleStatistics,
    alpha_coefficient,
    scale_statistics,
    undefined_scale,
)
from trustsem.records import Finding, Severity
from trustsem.suggestions import shortened
from trustsem.survey import ItemDescription, Survey, analysis_arrays, describe_item
from trustsem.tables.items import answers_frame, items_frame, scales_frame

if TYPE_CHECKING:
    from trustsem.fitting.result import Fit

FloatArray = NDArray[np.float64]

SCHEMA = "trustsem.item_analysis/1"


@dataclass(frozen=True, eq=False, slots=True)
class AnalysedScale:
    """One scale in one group.

    Args:
        name: Scale, construct or factor.
        group: Label of the group; "" where there is one.
        items: Description of each item: all its answers, in the scored direction.
        n_rows: Rows of the group with an answer to any scale.
        statistics: Alpha, and how the items go together.
        findings: What a reader must know.
    """

    name: str
    group: str
    items: tuple[ItemDescription, ...]
    n_rows: int
    statistics: ScaleStatistics
    findings: tuple[Finding, ...]


@dataclass(frozen=True, eq=False)
class ItemAnalysis:
    """Items and scales of a survey. Made by `trustsem.item_analysis`."""

    analysed: tuple[AnalysedScale, ...]
    missing: str
    ordered: bool
    findings: tuple[Finding, ...]

    @cached_property
    def scales(self) -> pd.DataFrame:
        """One row per scale: n_items, n_obs, alpha with its interval, alpha_ordinal, mean_correlation, reason."""
        return scales_frame((scale.name, scale.group, scale.statistics) for scale in self.analysed)

    @cached_property
    def items(self) -> pd.DataFrame:
        """One row per item of a scale: n, mean, sd, skewness, floor, ceiling, item_rest, alpha_without, reverse."""
        return items_frame((scale.name, scale.group, scale.items, scale.statistics) for scale in self.analysed)

    @cached_property
    def answers(self) -> pd.DataFrame:
        """How many chose each category: scale, group, item, score, label, count, share."""
        return answers_frame((scale.name, scale.group, scale.items) for scale in self.analysed)

    def summary(self, *, width: int = 80) -> str:
        """Return scales, items, answers and findings as text."""
        from trustsem.fitting.summarise_scales import summarise_items

        return summarise_items(self, width=width)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON-ready values, null for what is absent."""
        from trustsem.fitting.serialise import records

        return {
            "schema": SCHEMA,
            "missing": self.missing,
            "ordered": self.ordered,
            "scales": records(self.scales),
            "items": records(self.items),
            "answers": records(self.answers),
            "findings": [finding.to_dict() for finding in self.findings],
        }


def item_analysis(
    data: pd.DataFrame | Survey | str | PathLike[str],
    items: Items | None = None,
    *,
    model: Model | None = None,
    codebook: Codebook | str | PathLike[str] | None = None,
    ordered: bool = False,
    missing: str = "listwise",
    group: str | None = None,
) -> ItemAnalysis:
    """Describe items, and how they go together as scales.

    Scores are taken in the direction of the codebook: reversed items are turned. Means, shares and skewness of an item
    use all its answers; alpha and correlations with the rest use the rows that `missing` says.

    Args:
        data: Survey, path of a survey file, or data frame.
        items: Scales as a mapping from name to items; or names of items (one scale) and constructs (a scale each);
            None: the factors of the model, or all constructs of the codebook.
        model: Model whose factors are the scales, as in `fit`.
        codebook: How answers become scores, for a file or an unscored frame; a file's default is the model's.
        ordered: Compute ordinal alpha, from polychoric correlations, as well.
        missing: "listwise" (rows that answered all items of the scale) or "fiml" (all rows, by maximum likelihood).
        group: Column that splits the rows; each group by itself.

    Raises:
        UsageError: options that mean nothing, or nothing that says which items belong together.
        ModelError: items that the data do not have.
        DataError, CodebookError: data or codebook cannot be used.

    Example:
        >>> frame = pd.DataFrame({"x": [1, 2, 3, 4, 5], "y": [1, 3, 2, 5, 4], "z": [2, 1, 3, 4, 5]})
        >>> round(item_analysis(frame, ["x", "y", "z"]).scales["alpha"].item(), 3)
        0.908
    """
    chosen = read_missing(missing, ordered=False)
    survey = scored_data(data, codebook, model)
    sets = item_sets(survey, items, model)
    arrays = analysis_arrays(survey, all_items(sets), required=() if group is None else (group,), complete=False)
    columns = dict(zip(arrays.names, arrays.values.T, strict=True))
    result = []
    for label, rows in _groups(survey, group, arrays.required):
        answers = {name: column[rows] for name, column in columns.items()}
        result.extend(_analyse_sets(survey, sets, answers, label, chosen, ordered=ordered))
    found = [finding for scale in result for finding in scale.findings]
    found += _rows_left_out(result, chosen)
    return ItemAnalysis(tuple(result), chosen.value, ordered, (*survey.findings, *arrays.findings, *found))


def items_of_fit(fit: Fit, survey: Survey) -> ItemAnalysis:
    """Describe the items of the rows that a fit used; scales, groups and missing answers as there.

    Args:
        fit: A fit of rows.
        survey: The survey that it was fitted to.
    """
    assert fit.data.row_index is not None
    used = replace(survey, frame=survey.frame.iloc[fit.data.row_index], findings=())
    result = item_analysis(used, sets_of_fit(fit, survey), missing=treatment_of_fit(fit), group=fit.options.data.group)
    if fit.options.data.weights is None:
        return result
    message = "Means, shares and correlations of items, and alpha without an item, count all rows alike: no weights."
    return replace(result, findings=(*result.findings, Finding("items-unweighted", Severity.INFO, message)))


def sets_of_fit(fit: Fit, survey: Survey) -> dict[str, list[str]]:
    """Return the items of each factor of a fit, each once; products that the fit made of items are none."""
    sets: dict[str, dict[str, None]] = {}
    observed = set(fit.fitted.table.variables.observed) & {str(name) for name in survey.frame.columns}
    for row in fit.fitted.table.rows:
        if row.op == "=~" and row.rhs in observed:
            sets.setdefault(row.lhs, {})[row.rhs] = None
    return {name: list(items) for name, items in sets.items()}


def treatment_of_fit(fit: Fit) -> str:
    """Return the treatment of missing answers of items that goes with that of a fit."""
    ordinal = fit.fitted.table.ordinal is not None
    return "listwise" if ordinal or not fit.options.data.missing.needs_means else "fiml"


def _groups(
    survey: Survey, group: str | None, required: Mapping[str, np.ndarray]
) -> list[tuple[str, np.ndarray | slice]]:
    if group is None:
        return [("", slice(None))]
    labels = group_labels(survey, DataOptions(group=group))
    of_row = np.array([group_name(value) for value in required[group]])
    return [(label, np.flatnonzero(of_row == label)) for label in labels]


def _analyse_sets(
    survey: Survey,
    sets: ItemSets,
    answers: dict[str, FloatArray],
    label: str,
    missing: ItemMissing,
    *,
    ordered: bool,
) -> Iterator[AnalysedScale]:
    known = {item.name: item for item in survey.codebook.items} if survey.codebook else {}
    for name, names in sets.items():
        # kinds of missing answers are those of the whole file: `describe_survey` has them
        described = tuple(describe_item(pd.Series(answers[item]), item, known.get(item), {}) for item in names)
        values = np.column_stack([answers[item] for item in names])
        statistics, found = _statistics(values, names, missing, ordered=ordered)
        found = tuple(f.in_group(label) for f in (*found, *_against_the_rest(name, names, statistics)))
        yield AnalysedScale(name, label, described, len(values), statistics, found)


def _statistics(
    values: FloatArray, names: tuple[str, ...], missing: ItemMissing, *, ordered: bool
) -> tuple[ScaleStatistics, tuple[Finding, ...]]:
    moments = item_moments(values, names, missing)
    if moments.cov is None:
        return undefined_scale(len(names), moments.n_obs, str(moments.reason), ordinal=ordered), ()
    incomplete = missing is ItemMissing.FIML and bool(np.isnan(values).any())
    no_interval = "Feldt's interval needs complete rows" if incomplete else None
    latent = _ordinal_alpha(values, names, missing) if ordered else None
    alpha, found = (None, ()) if latent is None else latent
    return scale_statistics(moments.cov, moments.n_obs, no_interval=no_interval, alpha_ordinal=alpha), found


def _ordinal_alpha(
    values: FloatArray, names: tuple[str, ...], missing: ItemMissing
) -> tuple[Coefficient, tuple[Finding, ...]]:
    rows = ItemMissing.LISTWISE if missing is ItemMissing.LISTWISE else ItemMissing.PAIRWISE
    latent = polychoric_moments(values, names, rows)
    if latent.cov is None:
        return Coefficient.undefined(str(latent.reason)), ()
    return alpha_coefficient(latent.cov, latent.n_obs, NOT_FOR_POLYCHORICS), latent.findings


def _against_the_rest(name: str, items: tuple[str, ...], statistics: ScaleStatistics) -> list[Finding]:
    against = [item for item, value in zip(items, statistics.item_rest.tolist(), strict=True) if value < 0]
    if not against:
        return []
    return [
        Finding(
            "negative-item-rest",
            Severity.WARNING,
            f"{name}: {shortened(against)} correlate negatively with the other items.",
            remedy="Check whether they are reversed items that were not turned in scoring; alpha is no guide before.",
            parameter=name,
        )
    ]


def _rows_left_out(scales: Sequence[AnalysedScale], missing: ItemMissing) -> list[Finding]:
    """Say how many rows listwise deletion costs, in the scale that loses most."""
    if missing is not ItemMissing.LISTWISE:
        return []
    lost = [(scale.n_rows - scale.statistics.n_obs, scale) for scale in scales]
    most, worst = max(lost, key=lambda pair: pair[0])
    if not most:
        return []
    several = f"up to {most}" if len(scales) > 1 else f"{most}"
    message = (
        f"Alpha and correlations with the rest leave out rows that lack an answer to an item of the scale: {several} "
        f"of {worst.n_rows} ({worst.name})."
    )
    return [
        Finding("listwise-deletion", Severity.INFO, message, remedy='missing="fiml" uses them.').in_group(worst.group)
    ]
