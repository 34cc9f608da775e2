"""The identification doctor: the likely cause of what cannot be told apart, and the smallest fix in model syntax."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from trustsem.identification.rank import IdentificationReport, UnidentifiedSet
from trustsem.spec.table import ParameterTable, Row


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One cause of a lack of identification.

    Args:
        code: Stable identifier, e.g. "factor-without-scale".
        message: The cause, in a sentence.
        fix: The smallest change, in model syntax.
        parameters: The parameters that move together.
    """

    code: str
    message: str
    fix: str
    parameters: tuple[str, ...]


def diagnose_identification(table: ParameterTable, report: IdentificationReport) -> tuple[Diagnosis, ...]:
    """Explain every set of parameters that the moments cannot tell apart.

    Returns:
        One or more diagnoses per set; the last resort names the set and no cause.
    """
    result: list[Diagnosis] = []
    for group in report.unidentified:
        found = [diagnosis for expert in _EXPERTS for diagnosis in expert(table, group)]
        result.extend(found or [_unexplained(group)])
    return tuple(result)


def _rows_of(table: ParameterTable, group: UnidentifiedSet) -> list[Row]:
    names = set(group.parameters)
    return [row for row in table.rows if row.key in names]


def _loadings(table: ParameterTable, factor: str) -> list[Row]:
    return [row for row in table.rows if row.op == "=~" and row.lhs == factor]


def _factors(table: ParameterTable, group: UnidentifiedSet) -> list[str]:
    """Return the factors that the set is about: their loadings or variances are in it."""
    rows = _rows_of(table, group)
    named = {row.lhs for row in rows if row.op == "=~"} | {row.lhs for row in rows if row.op == "~~"}
    return [name for name in table.variables.latent if name in named]


def _variance(table: ParameterTable, name: str) -> Row | None:
    return next((row for row in table.rows if row.op == "~~" and row.lhs == row.rhs == name), None)


def _has_scale(table: ParameterTable, factor: str) -> bool:
    constrained = {
        row.key for row, used in zip(table.free_rows, (table.constraints.matrix != 0).any(axis=0), strict=True) if used
    }
    loadings = _loadings(table, factor)
    variance = _variance(table, factor)
    return (
        any(row.value not in (None, 0.0) or row.key in constrained for row in loadings)
        or variance is None
        or variance.value is not None
    )


def _without_scale(table: ParameterTable, group: UnidentifiedSet) -> Iterator[Diagnosis]:
    for factor in _factors(table, group):
        loadings = _loadings(table, factor)
        if loadings and not _has_scale(table, factor):
            first = loadings[0].rhs
            yield Diagnosis(
                "factor-without-scale",
                f"{factor} has no scale: all its loadings and its variance are free.",
                f"{factor} =~ 1*{first}   or   {factor} ~~ 1*{factor}",
                group.parameters,
            )


def _higher_over_two(table: ParameterTable, group: UnidentifiedSet) -> Iterator[Diagnosis]:
    latent = set(table.variables.latent)
    for factor in _factors(table, group):
        parts = [row.rhs for row in _loadings(table, factor)]
        if len(parts) == 2 and set(parts) <= latent and _has_scale(table, factor):
            one, other = parts
            yield Diagnosis(
                "higher-factor-over-two",
                f"{factor} stands above two factors only: their one correlation cannot give a loading and a variance.",
                f"{factor} =~ 1*{one} + 1*{other}   or give {factor} a third part, e.g. items of its own",
                group.parameters,
            )


def _two_indicators(table: ParameterTable, group: UnidentifiedSet) -> Iterator[Diagnosis]:
    latent = set(table.variables.latent)
    for factor in _factors(table, group):
        loadings = _loadings(table, factor)
        items = [row.rhs for row in loadings]
        is_open = any(row.is_free and row.key in group.parameters for row in loadings)
        if len(items) == 2 and is_open and not set(items) & latent and _has_scale(table, factor):
            one, other = items
            yield Diagnosis(
                "two-indicator-factor",
                f"{factor} has two indicators and nothing else in the model that it is tied to.",
                f"{factor} =~ 1*{one} + 1*{other}   or a third item, or a covariance of {factor} with another factor",
                group.parameters,
            )


def _single_indicator(table: ParameterTable, group: UnidentifiedSet) -> Iterator[Diagnosis]:
    for factor in _factors(table, group):
        items = [row.rhs for row in _loadings(table, factor)]
        if len(items) != 1:
            continue
        residual = _variance(table, items[0])
        if residual is not None and residual.is_free:
            yield Diagnosis(
                "single-indicator-factor",
                f"{factor} has one indicator whose residual variance is free: error and factor cannot be split.",
                f"{items[0]} ~~ 0*{items[0]}   or fix it at (1 - reliability) * variance",
                group.parameters,
            )


def _same_parts(table: ParameterTable, group: UnidentifiedSet) -> Iterator[Diagnosis]:
    """Several variance components on the same observations: clinician, patient and relationship, say."""
    patterns: dict[tuple[tuple[str, float], ...], list[str]] = {}
    variances = {row.lhs for row in _rows_of(table, group) if row.op == "~~" and row.lhs == row.rhs}
    for factor in table.variables.latent:
        loadings = _loadings(table, factor)
        if factor in variances and loadings and all(row.value is not None for row in loadings):
            pattern = tuple(sorted((row.rhs, float(row.value or 0.0)) for row in loadings))
            patterns.setdefault(pattern, []).append(factor)
    for pattern, factors in patterns.items():
        if len(factors) < 2:
            continue
        yield Diagnosis(
            "same-variance-split",
            f"{', '.join(factors)} split the variance of the same observations ({', '.join(n for n, _ in pattern)}) in "
            f"{len(factors)} parts that never vary apart: only their sum is known. Where each patient meets one "
            "clinician, patient and relationship cannot be separated.",
            f"drop {factors[-1]}   or   {factors[-1]} ~~ 0*{factors[-1]}",
            group.parameters,
        )


def _loop(table: ParameterTable, group: UnidentifiedSet) -> Iterator[Diagnosis]:
    arrows = {(row.lhs, row.rhs) for row in _rows_of(table, group) if row.op == "~"}
    predictors: dict[str, set[str]] = {}
    for row in table.rows:
        if row.op == "~":
            predictors.setdefault(row.lhs, set()).add(row.rhs)
    for outcome, predictor in sorted(arrows):
        if (predictor, outcome) not in {(row.lhs, row.rhs) for row in table.rows if row.op == "~"}:
            continue
        own = predictors.get(predictor, set()) - predictors.get(outcome, set()) - {outcome}
        if own:
            continue
        yield Diagnosis(
            "loop-without-instrument",
            f"{outcome} ~ {predictor} is part of a loop, and {predictor} has no predictor of its own that stays out of "
            f"{outcome}'s equation: nothing tells the two directions apart.",
            f"{predictor} ~ z   (z predicts {predictor} and not {outcome})   or drop one of the two arrows",
            group.parameters,
        )
    covaried = {frozenset((row.lhs, row.rhs)) for row in _rows_of(table, group) if row.op == "~~"}
    for outcome, predictor in sorted(arrows):
        if frozenset((outcome, predictor)) in covaried and (predictor, outcome) not in arrows:
            yield Diagnosis(
                "path-and-covariance",
                f"{outcome} ~ {predictor} and {outcome} ~~ {predictor} compete for one covariance.",
                f"{outcome} ~~ 0*{predictor}",
                group.parameters,
            )


def _collinear(table: ParameterTable, group: UnidentifiedSet) -> Iterator[Diagnosis]:
    rows = _rows_of(table, group)
    outcomes = {row.lhs for row in rows}
    if len(rows) > 1 and len(outcomes) == 1 and all(row.op == "~" for row in rows):
        names = [row.rhs for row in rows]
        yield Diagnosis(
            "collinear-predictors",
            f"{', '.join(names)} carry the same information: as predictors of {rows[0].lhs} they cannot be told apart.",
            f"drop one of them, e.g. {rows[0].lhs} ~ {names[0]}",
            group.parameters,
        )


_EXPERTS: Sequence[Callable[[ParameterTable, UnidentifiedSet], Iterator[Diagnosis]]] = (
    _without_scale,
    _higher_over_two,
    _single_indicator,
    _same_parts,
    _two_indicators,
    _loop,
    _collinear,
)


def _unexplained(group: UnidentifiedSet) -> Diagnosis:
    return Diagnosis(
        "parameters-move-together",
        f"{group.freedom} of these parameters too many: they can change together without changing any moment.",
        f"fix one of them, e.g. {group.parameters[-1]}",
        group.parameters,
    )
