"""`ts.invariance`: do items work alike in all groups, which do not, and what does that do to comparisons?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from os import PathLike
from typing import TYPE_CHECKING, Any

import pandas as pd

from trustsem.errors import ConvergenceError, UsageError
from trustsem.fitting.api import fit
from trustsem.fitting.inputs import ModelInput, load_data, read_model
from trustsem.fitting.invariance_findings import invariance_findings
from trustsem.fitting.result import Fit
from trustsem.inference.difference import read_method
from trustsem.measurement import (
    Attempt,
    DecisionRules,
    GroupedModel,
    Ladder,
    Rule,
    Step,
    climb,
    item_bias,
    latent_mean_differences,
    levels_of_items,
    read_levels,
    scale_bias,
)
from trustsem.measurement.model import higher_factors
from trustsem.moments import SampleMoments
from trustsem.moments.linalg import blas_threads_for
from trustsem.records import Finding
from trustsem.spec import LibraryModel, SpecOptions, TrustModel
from trustsem.spec.products import latent_products
from trustsem.survey import Survey
from trustsem.tables.invariance import (
    items_frame,
    levels_frame,
    means_frame,
    released_frame,
    scales_frame,
    structural_frame,
)

if TYPE_CHECKING:
    from trustsem.plots.plot import Plot

DEFAULT_LEVELS = ("configural", "metric", "scalar", "strict", "structural")
# Options of `fit` that an analysis of invariance takes over; the others either are its own business (what is equal,
# the scale of the factors) or belong to fits of one group.
FIT_OPTIONS = (
    "estimator", "missing", "group", "group_label", "cluster", "sampling_weights", "weights_normalization",
    "auxiliary", "orthogonal", "fixed_x", "likelihood", "information", "observed_information", "h1_information", "se",
    "test", "bounds", "ordered", "parameterization", "conditional_x", "zero_cells",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Invariance:
    """The levels of measurement invariance of a model in several groups. Made by `trustsem.invariance`.

    Args:
        ladder: The numerical result: every fit, every comparison, every release.
        configural: The fit without equality across groups.
    """

    ladder: Ladder
    configural: Fit

    def __repr__(self) -> str:
        labels = self.configural.fitted.table.group_labels
        return f"<Invariance: {len(labels)} groups, {self.decision}>"

    @property
    def model(self) -> ModelInput:
        """The parsed model and where it came from."""
        return self.configural.model

    @property
    def group_labels(self) -> tuple[str, ...]:
        """Names of the groups, in order; the first is the one that others are compared with."""
        return self.configural.fitted.table.group_labels

    @property
    def decision(self) -> str:
        """The highest rung that holds, in a few words."""
        step = self.ladder.highest
        partial = " (partial)" if any(s.releases for s in self._held()) else ""
        return f"{step.level.name}{partial}"

    def _held(self) -> list[Step]:
        from trustsem.measurement.ladder import held_rungs

        return held_rungs(self.ladder.steps)

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row per fit of a level, with its comparison and decision; see `trustsem.tables.levels_frame`."""
        return levels_frame(self.ladder)

    @cached_property
    def levels(self) -> dict[str, Fit]:
        """The last fit of each level that was fitted, by name: with its exceptions, where it has some."""
        return {step.level.name: self._fit_of(step.final) for step in self.ladder.steps if step.attempts}

    @cached_property
    def released(self) -> pd.DataFrame:
        """Parameters that were set free, what spoke for it, and their values in each group."""
        return released_frame(self.ladder)

    @cached_property
    def structure(self) -> pd.DataFrame:
        """Score tests of single equalities of the structural levels that were rejected."""
        return structural_frame(self.ladder)

    @cached_property
    def items(self) -> pd.DataFrame:
        """dMACS and points of each item with unequal parameters; empty without a common scale."""
        scale = self.ladder.answer_scale
        return items_frame(() if scale is None else item_bias(scale.final.fitted))

    @cached_property
    def scales(self) -> pd.DataFrame:
        """Difference of each mean score, and the part of it that unequal items add; empty without a common scale."""
        scale = self.ladder.answer_scale
        return scales_frame(() if scale is None else scale_bias(scale.final.fitted))

    @cached_property
    def latent_means(self) -> pd.DataFrame:
        """Differences of latent means from the first group's; empty without a common scale (`findings` say why)."""
        scale = self.ladder.common_scale
        if scale is None:
            return means_frame(())
        table = scale.final.fitted.table
        above = higher_factors(table)
        lower = [name for name in table.variables.latent if name not in above]
        rows = latent_mean_differences(scale.final.fitted, lower) if lower else ()
        second = self.ladder.step("second_order")
        if second is not None and second.attempts and second.status.is_held:
            rows = (*rows, *latent_mean_differences(second.final.fitted, above))
        return means_frame(rows)

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """Everything a reader must know: of the data, of each fit, of the decisions and the search."""
        return (*self.configural.model.findings, *self.configural.data.findings, *invariance_findings(self.ladder))

    def _fit_of(self, attempt: Attempt) -> Fit:
        own, model = self.configural, attempt.model
        if attempt.fitted is own.fitted:
            return own
        groups = _grouped(own)
        given = {**own.options.given, "group_equal": model.equal, "group_partial": model.group_partial}
        options = replace(own.options, spec=groups.spec_of(model), given=given)
        return Fit(attempt.fitted, replace(own.model, syntax=groups.syntax_of(model)), own.data, options)

    def summary(self, *, width: int = 80) -> str:
        """Return the analysis as text: rules, levels, exceptions, what they do, latent means, findings."""
        from trustsem.fitting.summarise_invariance import summarise_invariance

        return summarise_invariance(self, width=width)

    def plot(self, name: str = "invariance", **options: Any) -> Plot:
        """Return how fit changes over the levels, with `.figure()` for plotly, `.svg()`, `.text()` and `.to_dict()`.

        Args:
            name: "invariance".
            options: None are known.

        Raises:
            UsageError: an unknown figure or option.
        """
        from trustsem.plots.registry import MadeOf, build_plot

        return build_plot(name, MadeOf.INVARIANCE, self, options)

    def to_dict(self) -> dict[str, Any]:
        """Return the analysis as JSON-ready values, schema `trustsem.invariance/1`."""
        from trustsem.fitting.serialise_invariance import invariance_to_dict

        return invariance_to_dict(self)


def invariance(
    model: str | PathLike[str] | TrustModel | LibraryModel,
    data: pd.DataFrame | Survey | SampleMoments | str | PathLike[str],
    *,
    group: str | None = None,
    group_label: Sequence[str] | None = None,
    levels: str | Sequence[str] | None = None,
    partial: bool = True,
    rules: str | Rule | DecisionRules = "any",
    method: str | None = None,
    estimator: str = "ML",
    missing: str = "listwise",
    cluster: str | None = None,
    sampling_weights: str | None = None,
    weights_normalization: str = "group",
    auxiliary: str | Sequence[str] = (),
    orthogonal: bool = False,
    fixed_x: bool | None = None,
    likelihood: str = "normal",
    information: str | None = None,
    observed_information: str | Sequence[str] | None = None,
    h1_information: str | None = None,
    se: str | None = None,
    test: str | None = None,
    bounds: str | None = None,
    ordered: str | Sequence[str] | bool | None = None,
    parameterization: str | None = None,
    conditional_x: bool | None = None,
    zero_cells: Any = None,
) -> Invariance:
    """Test measurement invariance across groups, step by step, and say what unequal items do.

    Args:
        model: As for `fit`. Groups that a shipped model names are taken where `group` is not given; the equalities
            that it names are not: they are what is tested.
        data: As for `fit`; of moments, one set per group.
        group: Column that splits the sample. The first group is the reference.
        group_label: Groups to use, in order.
        levels: Any of configural, thresholds, metric, scalar, strict, second_order, variances, covariances,
            regressions, means; "structural" stands for the last five; None: all that the items have. Each rung is
            compared with the last one that holds, each structural level with the scalar rung (the metric one where
            scalar does not hold and means do not matter). Ordinal items (Wu & Estabrook 2016): thresholds are equal
            first, metric adds the loadings, scalar the intercepts, strict the residuals, under theta only.
        partial: Release constraints of a rejected rung one at a time, largest score test first, until it holds or two
            items of a factor are left. False: every rung is fitted as it is and compared with the one before.
        rules: "any", "chisq", "cfi" or "chen", or `DecisionRules` with limits of your own.
        method: Difference test; None: the one that goes with the fits' test.
        estimator: This and all others as for `fit`.

    Raises:
        UsageError, DataError, CodebookError, ModelError, IdentificationError: as `fit`; no groups, unknown levels.
        ConvergenceError: the configural model did not converge.

    Example:
        >>> import trustsem as ts
        >>> result = ts.invariance("care_setting_means", ts.samples_dir() / "trust_settings.csv")
        >>> result.decision, result.released["parameter"].tolist()[:3]
        ('strict (partial)', ['medical_situation=~ms3', 'ms3~1', 'rp2~1'])
    """
    given = {name: value for name, value in locals().items() if name in FIT_OPTIONS}
    wanted, limits = read_levels(DEFAULT_LEVELS if levels is None else levels), DecisionRules.of(rules)
    chosen = None if method is None else read_method(method)
    configural = _configural(read_model(model), model, data, given)
    wanted = levels_of_items(wanted, configural.fitted.table.ordinal, is_default=levels is None)
    with blas_threads_for(len(configural.fitted.table.variables.observed)):
        groups = _grouped(configural)
        ladder = climb(groups, wanted, limits, partial=partial, method=chosen, configural=configural.fitted)
    return Invariance(ladder, configural)


def _configural(source: ModelInput, model: Any, data: Any, given: dict[str, Any]) -> Fit:
    """Fit the model without equality across groups: it is what reads the data and refuses what cannot be used."""
    library = source.library
    products = latent_products(source.syntax)
    if products:
        raise UsageError(
            f"Invariance of a model with products of factors ({', '.join(products)}) is not available: their scale "
            "follows from that of their factors.",
            remedy="Test the measurement of the factors alone: a model with the =~ lines only.",
            code="option-not-supported",
        )
    loaded = load_data(data, source)
    if library is not None:
        model = replace(library, group=None, group_label=(), group_equal=(), group_partial=())
        if given["group"] is None and not isinstance(loaded, SampleMoments):
            given = {**given, "group": library.group, "group_label": given["group_label"] or library.group_label}
    if given["group"] is None and not (isinstance(loaded, SampleMoments) and len(loaded.groups) > 1):
        raise UsageError(
            "Invariance compares groups, and none were named.",
            remedy="Name the column that splits the sample: group='setting', --group setting.",
            code="no-group",
        )
    result = fit(model, loaded, **given)
    if not result.converged:
        raise ConvergenceError(
            "The configural model, without equality across groups, did not converge: no level can be tested.",
            remedy="Fit it with ts.fit(..., group=...) and look at its findings; groups may be too small.",
        )
    return result


def _grouped(configural: Fit) -> GroupedModel:
    options = configural.options
    labels = configural.fitted.table.group_labels
    ordinal = configural.fitted.table.ordinal
    items = () if ordinal is None else tuple(ordinal.levels.items())
    spec: SpecOptions = replace(options.spec, group_labels=labels, group_equal=(), group_partial=(), ordered=items)
    return GroupedModel(
        configural.model.syntax, spec, configural.data.moments, options.pipeline, options.data.auxiliary
    )
