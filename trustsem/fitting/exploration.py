"""`ts.explore`: what factors the items show by themselves, beside those that a model gives them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property
from os import PathLike
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustsem.errors import DataError, UsageError
from trustsem.fitting.drawn import require_draws, seed_or_new
from trustsem.fitting.factoring import ExploredFactors, Extraction, Rotation, explore_factors
from trustsem.fitting.item_moments import ItemMissing, ItemMoments, item_moments, polychoric_moments, read_missing
from trustsem.fitting.item_sets import UNNAMED, Items, ItemSets, Model, all_items, item_sets, scored_data
from trustsem.fitting.words import word
from trustsem.instruments import Codebook
from trustsem.measurement import (
    Match,
    ParallelAnalysis,
    SamplingAdequacy,
    Sphericity,
    elsewhere,
    match_factors,
    parallel_analysis,
    sampling_adequacy,
    sphericity,
)
from trustsem.moments.linalg import cholesky
from trustsem.records import Finding, Severity
from trustsem.suggestions import count_of, shortened
from trustsem.survey import Survey, analysis_arrays
from trustsem.tables.exploration import congruence_frame, eigenvalues_frame, items_frame, loadings_frame

FloatArray = NDArray[np.float64]
Choice = TypeVar("Choice", bound=Enum)

SCHEMA = "trustsem.explore/1"
_POOR = 0.60  # Kaiser & Rice (1974): below it "miserable" or worse
_FAIR = 0.85  # Lorenzo-Seva & ten Berge (2006): below it factors are not alike


@dataclass(frozen=True, eq=False)
class Exploration:
    """Explored factors. Made by `trustsem.explore`.

    Args:
        names: The p items.
        n_obs: Respondents behind the correlations.
        correlation: (p, p) of the items; polychoric where `ordered`.
        ordered: Whether the items were taken as ordinal.
        missing: Treatment of missing answers.
        extraction: How factors were extracted.
        rotation: How they were rotated.
        factors: Loadings, in the order of the constructs that they stand for.
        parallel: Eigenvalues beside those of uncorrelated items.
        adequacy: Measures of sampling adequacy; None where the correlation matrix is not positive definite.
        sphericity: Bartlett's test; None likewise.
        assignment: (p, k) 1 where an item belongs to a construct.
        constructs: Their names; none where nothing assigns the items.
        match: Which factor stands for which construct; None without constructs.
        findings: What a reader must know.
    """

    names: tuple[str, ...]
    n_obs: int
    correlation: FloatArray
    ordered: bool
    missing: str
    extraction: Extraction
    rotation: Rotation
    factors: ExploredFactors
    parallel: ParallelAnalysis
    adequacy: SamplingAdequacy | None
    sphericity: Sphericity | None
    assignment: FloatArray
    constructs: tuple[str, ...]
    match: Match | None
    findings: tuple[Finding, ...]

    @property
    def n_factors(self) -> int:
        """Factors that were extracted."""
        return self.factors.loadings.shape[1]

    @property
    def factor_names(self) -> tuple[str, ...]:
        """F1, F2, ..."""
        return tuple(f"F{number}" for number in range(1, self.n_factors + 1))

    @cached_property
    def loadings(self) -> pd.DataFrame:
        """(p, m) pattern loadings by item and factor."""
        return loadings_frame(self.factors.loadings, self.names, self.factor_names)

    @cached_property
    def factor_correlations(self) -> pd.DataFrame:
        """(m, m) correlations of the factors."""
        return loadings_frame(self.factors.correlations, self.factor_names, self.factor_names)

    @cached_property
    def eigenvalues(self) -> pd.DataFrame:
        """One row per component: observed eigenvalue, mean and limit of uncorrelated items, whether it exceeds it."""
        return eigenvalues_frame(self.parallel)

    @cached_property
    def items(self) -> pd.DataFrame:
        """One row per item: construct, own loading, largest loading and its factor, elsewhere, communality, msa."""
        away = np.full(len(self.names), -1) if self.match is None else self._away
        factors = self.factors
        return items_frame(
            self.names, self.constructs, self.assignment, factors.loadings, factors.communalities, self.match, away,
            self.adequacy,
        )  # fmt: skip

    @cached_property
    def congruence(self) -> pd.DataFrame:
        """Tucker's congruence of each construct with each factor; columns construct, factor, F1, F2, ..."""
        return congruence_frame(self.match, self.constructs, self.factor_names)

    @property
    def _away(self) -> NDArray[np.intp]:
        assert self.match is not None
        return elsewhere(self.factors.loadings, self.assignment, self.match)

    def summary(self, *, width: int = 80) -> str:
        """Return everything as text."""
        from trustsem.fitting.summarise_exploration import summarise_exploration

        return summarise_exploration(self, width=width)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON-ready values, null for what is absent."""
        from trustsem.fitting.serialise import records

        test, kmo = self.sphericity, self.adequacy
        return {
            "schema": SCHEMA,
            "n_obs": self.n_obs,
            "items_used": list(self.names),
            "ordered": self.ordered,
            "missing": self.missing,
            "kmo": None if kmo is None else kmo.overall,
            "bartlett": None if test is None else {"statistic": test.statistic, "df": test.df, "pvalue": test.pvalue},
            "parallel": {
                "n_factors": self.parallel.n_factors,
                "draws": self.parallel.n_draws,
                "seed": self.parallel.seed,
                "quantile": self.parallel.quantile,
                "eigenvalues": records(self.eigenvalues),
            },
            "n_factors": self.n_factors,
            "extraction": self.extraction.value,
            "rotation": self.rotation.value,
            "loadings": records(self.loadings.reset_index(names="item")),
            "factor_correlations": records(self.factor_correlations.reset_index(names="factor")),
            "items": records(self.items),
            "congruence": records(self.congruence),
            "findings": [finding.to_dict() for finding in self.findings],
        }


def explore(
    data: pd.DataFrame | Survey | str | PathLike[str],
    items: Items | None = None,
    *,
    model: Model | None = None,
    codebook: Codebook | str | PathLike[str] | None = None,
    factors: int | None = None,
    rotation: str = "oblimin",
    method: str = "minres",
    ordered: bool = False,
    missing: str = "listwise",
    draws: int = 1000,
    seed: int | None = None,
) -> Exploration:
    """Explore the factors of items: sampling adequacy, parallel analysis, loadings beside a model's assignment.

    All rows are taken together; give the rows of one group to explore that group.

    Args:
        data: Survey, path of a survey file, or data frame.
        items: Names of items and constructs, or a mapping from construct to items; None: those of the model, or all of
            the codebook.
        model: Model whose factors the explored ones are compared with.
        codebook: How answers become scores, for a file or an unscored frame; a file's default is the model's.
        factors: How many; None: as many as there are constructs, or else as parallel analysis finds.
        rotation: "oblimin", "promax", "varimax" or "none".
        method: "minres" or "ml".
        ordered: Use polychoric correlations.
        missing: "listwise", or "fiml" (covariances of all rows by maximum likelihood); of ordinal items "pairwise".
        draws: Random matrices of the parallel analysis.
        seed: Of its random numbers; drawn and recorded when None.

    Raises:
        UsageError: options that mean nothing, or more factors than the items can tell.
        ModelError: items that the data do not have.
        DataError, CodebookError: data or codebook cannot be used, or correlations do not exist.

    Example:
        >>> import trustsem as ts
        >>> sample = ts.samples_dir() / "trust_patients.csv"
        >>> found = explore(sample, ["humanistic_quality", "group_identity"], codebook="dpt_patient", seed=1)
        >>> found.n_factors, found.items["elsewhere"].notna().sum().item()
        (2, 0)
    """
    turned, extraction = _choice(Rotation, rotation, "rotation"), _choice(Extraction, method, "method")
    treatment = read_missing(missing, ordered=ordered)
    _check_numbers(factors, draws, seed)
    survey = scored_data(data, codebook, model)
    sets = item_sets(survey, items, model)
    names = all_items(sets)
    arrays = analysis_arrays(survey, names, complete=treatment is ItemMissing.LISTWISE)
    moments = _moments(arrays.values, names, treatment, ordered=ordered)
    correlation = _correlation(moments, names)
    used_seed = seed_or_new(seed)
    parallel = parallel_analysis(correlation, moments.n_obs, n_draws=draws, seed=used_seed)
    constructs, assignment = _assignment(survey, sets, names)
    chosen = factors or len(constructs) or parallel.n_factors or 1
    explored = explore_factors(correlation, chosen, extraction, turned)
    explored, match = _in_order(explored, assignment)
    is_proper = cholesky(correlation) is not None
    result = Exploration(
        names, moments.n_obs, correlation, ordered, treatment.value, extraction,
        turned if chosen > 1 else Rotation.NONE, explored, parallel,
        sampling_adequacy(correlation) if is_proper else None,
        sphericity(correlation, moments.n_obs) if is_proper else None,
        assignment, constructs, match, (),
    )  # fmt: skip
    found = (*survey.findings, *arrays.findings, *moments.findings, *_findings(result, seed))
    return replace(result, findings=found)


def _choice(kind: type[Choice], value: str, option: str) -> Choice:
    known = {one.value: one for one in kind}
    if word(value) not in known:
        raise UsageError(f"{option}={value!r} is unknown.", remedy=f"Use one of: {', '.join(known)}.", code=option)
    return known[word(value)]


def _check_numbers(factors: object, draws: object, seed: object) -> None:
    if factors is not None and (not isinstance(factors, int) or isinstance(factors, bool) or factors < 1):
        raise UsageError(f"factors must be a whole number of at least 1, not {factors!r}.", code="factors")
    require_draws(draws, seed, "The parallel analysis cannot be run.")


def _moments(values: FloatArray, names: tuple[str, ...], missing: ItemMissing, *, ordered: bool) -> ItemMoments:
    return polychoric_moments(values, names, missing) if ordered else item_moments(values, names, missing)


def _correlation(moments: ItemMoments, names: tuple[str, ...]) -> FloatArray:
    """Return the correlations of the items.

    Raises:
        DataError: there are none, or fewer respondents than items.
    """
    if moments.cov is None:
        raise DataError(f"The items have no correlations: {moments.reason}.", code="no-correlations")
    sd = np.sqrt(np.diag(moments.cov))
    constant = [name for name, spread in zip(names, sd, strict=True) if not spread > 0]
    if constant:
        raise DataError(
            f"No variance in: {', '.join(constant)}.", remedy="Leave these items out.", code="constant-item"
        )
    if moments.n_obs <= len(names):
        raise DataError(
            f"{moments.n_obs} usable respondents for {len(names)} items: more respondents than items are needed.",
            remedy="Explore fewer items at a time.",
            code="too-few-rows",
        )
    correlation = moments.cov / np.outer(sd, sd)
    np.fill_diagonal(correlation, 1.0)
    return correlation


def _assignment(survey: Survey, sets: ItemSets, names: tuple[str, ...]) -> tuple[tuple[str, ...], FloatArray]:
    """Return the constructs that items belong to; of items without a scale those of the codebook."""
    books = {item.name: item.construct for item in survey.codebook.items if item.construct} if survey.codebook else {}
    members: dict[str, set[str]] = {}
    for scale, items in sets.items():
        for item in items:
            construct = books.get(item) if scale == UNNAMED else scale
            if construct:
                members.setdefault(construct, set()).add(item)
    columns = [[float(name in items) for name in names] for items in members.values()]
    return tuple(members), np.array(columns).T if columns else np.zeros((len(names), 0))


def _in_order(explored: ExploredFactors, assignment: FloatArray) -> tuple[ExploredFactors, Match | None]:
    """Put factors in the order of the constructs that they stand for, else of their size; most loadings positive."""
    loadings = explored.loadings
    size = np.argsort(-(loadings**2).sum(axis=0), kind="stable")
    order = size
    if assignment.shape[1]:
        first = match_factors(loadings, assignment).factor_of
        first = first[first >= 0]
        order = np.concatenate([first, size[~np.isin(size, first)]])
    sign = np.where(loadings[:, order].sum(axis=0) < 0, -1.0, 1.0)
    turned = ExploredFactors(
        loadings[:, order] * sign,
        explored.correlations[np.ix_(order, order)] * np.outer(sign, sign),
        explored.communalities,
        explored.at_bound,
        explored.warnings,
    )
    return turned, match_factors(turned.loadings, assignment) if assignment.shape[1] else None


def _findings(result: Exploration, seed: int | None) -> Iterator[Finding]:
    if seed is None:
        message = f"The seed of the parallel analysis is {result.parallel.seed}."
        yield Finding("seed-drawn", Severity.INFO, message)
    yield from _doubts_of_correlations(result)
    suggested = result.parallel.n_factors
    if suggested != result.n_factors:
        yield Finding(
            "number-of-factors",
            Severity.INFO,
            f"Parallel analysis finds {count_of(suggested, 'factor')}; {result.n_factors} were extracted.",
            remedy="factors= sets another number. Constructs that correlate highly, with few items each, share "
            "components: parallel analysis then finds fewer.",
        )
    if result.match is not None:
        yield from _doubts_of_assignment(result)
    improper = [name for name, flag in zip(result.names, result.factors.at_bound, strict=True) if flag]
    if improper:
        yield Finding(
            "improper-extraction",
            Severity.WARNING,
            f"No unique variance is left of {shortened(improper)}: loadings of this extraction are improper.",
            remedy="Ask for fewer factors.",
        )
    for text in result.factors.warnings:
        yield Finding("extraction-warning", Severity.WARNING, f"factor_analyzer: {text}")


def _doubts_of_correlations(result: Exploration) -> Iterator[Finding]:
    if result.adequacy is None:
        yield Finding(
            "not-positive-definite",
            Severity.WARNING,
            "The correlation matrix is not positive definite: there is no sampling adequacy and no test of sphericity.",
            remedy="Leave out items that repeat others; with ordinal items, join rare categories.",
        )
    elif result.adequacy.overall < _POOR:
        yield Finding(
            "low-adequacy",
            Severity.WARNING,
            f"Sampling adequacy (KMO) is {result.adequacy.overall:.2f}: the items share too little for factors.",
            remedy="Leave out items whose own adequacy is low.",
        )
    if result.ordered:
        yield Finding(
            "parallel-of-polychorics",
            Severity.INFO,
            "Polychoric correlations vary more from sample to sample than those of the normal variables that parallel "
            "analysis compares them with, and the test of sphericity takes them for ordinary ones.",
            remedy="Compare with ordered=False, whose eigenvalues the comparison fits.",
        )
    elif result.missing == ItemMissing.FIML.value:
        yield Finding(
            "parallel-of-incomplete",
            Severity.INFO,
            f"Parallel analysis and the test of sphericity count all {result.n_obs} rows as complete.",
        )


def _doubts_of_assignment(result: Exploration) -> Iterator[Finding]:
    frame = result.items
    moved = frame.loc[frame["elsewhere"].notna()]
    if len(moved):
        told = [f"{row['item']} ({row['construct']}: on {row['elsewhere']})" for row in moved.to_dict("records")]
        yield Finding(
            "items-elsewhere",
            Severity.WARNING,
            f"{count_of(len(told), 'item')} with the largest loading on another factor than the rest of the construct: "
            f"{shortened(told, 6)}.",
            remedy="Look at the wording; in a confirmatory model, at modification indices of these items.",
        )
    assert result.match is not None
    weak = []
    for construct, factor, row in zip(result.constructs, result.match.factor_of, result.match.congruence, strict=True):
        if factor < 0:
            weak.append(f"{construct} (no factor left)")
        elif abs(row[factor]) < _FAIR:
            weak.append(f"{construct} {row[factor]:.2f}")
    if weak:
        yield Finding(
            "low-congruence",
            Severity.INFO,
            f"Congruence below {_FAIR:.2f} with the factor that stands for it: {shortened(weak, 6)}.",
        )
