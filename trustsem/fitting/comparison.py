"""`ts.compare`: fits side by side, with tests of the differences that can be tested and reasons for the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pandas as pd

from trustsem.errors import UsageError
from trustsem.fitting.comparable import (
    Obstacle,
    convergence_obstacle,
    criteria_obstacle,
    data_obstacle,
    difference_obstacle,
)
from trustsem.fitting.result import Fit
from trustsem.inference.difference import DifferenceMethod, DifferenceTest, read_method
from trustsem.pipeline import FittedModel
from trustsem.pipeline.difference import difference_of
from trustsem.records import Finding, Severity
from trustsem.tables.comparison import ComparedModel, ComparedPair, comparison_frame

if TYPE_CHECKING:
    from trustsem.spec.table import ParameterTable


@dataclass(frozen=True, eq=False, slots=True)
class Comparison:
    """Fits side by side, the most general one first.

    Args:
        models: Fits by name, fewest degrees of freedom first.
        pairs: Each model but the first against the one before it.
        findings: What was refused and why, and what a reader of the tests must know.
    """

    models: tuple[ComparedModel, ...]
    pairs: tuple[ComparedPair, ...]
    findings: tuple[Finding, ...]

    def __repr__(self) -> str:
        tested = sum(pair.test is not None for pair in self.pairs)
        return f"<Comparison: {', '.join(self.names)}; {tested} of {len(self.pairs)} differences tested>"

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the models, in order."""
        return tuple(model.name for model in self.models)

    @property
    def tests(self) -> tuple[DifferenceTest | None, ...]:
        """Tests of successive models, None where one was refused (see `findings`)."""
        return tuple(pair.test for pair in self.pairs)

    @property
    def table(self) -> pd.DataFrame:
        """One row per model: fit, and its difference to the row above; see `comparison_frame` for the columns."""
        return comparison_frame(self.models, self.pairs)

    def to_dict(self) -> dict[str, Any]:
        """Return the comparison as JSON-ready values, schema `trustsem.compare/1`."""
        from trustsem.fitting.serialise_comparison import comparison_to_dict

        return comparison_to_dict(self)

    def summary(self, *, width: int = 80) -> str:
        """Return the comparison as text: models, differences, and what a reader must know."""
        from trustsem.fitting.summarise_comparison import summarise_comparison

        return summarise_comparison(self, width=width)


def compare(*fits: Fit, names: Sequence[str] | None = None, method: str | None = None) -> Comparison:
    """Compare fits of the same data: fit measures side by side, and tests of one model against the next.

    The fits are put in order of their degrees of freedom; each is tested against the one above it. What cannot be
    compared is refused with its reason in `findings`: other respondents or variables, another estimator, models that
    are no special cases of each other, a fit that did not converge. Whether a model is nested is tried out, not
    guessed from its text (Bentler & Satorra 2010).

    Args:
        fits: Two or more results of `ts.fit`.
        names: Names to show; by default those of shipped models, else model 1, model 2, ...
        method: "standard", "satorra_bentler_2001", "satorra_bentler_2010", "satorra_2000" or "satorra_2000_exact";
            None: the one that goes with the fits' test (docs/comparing-models.md).

    Raises:
        UsageError: fewer than two fits, something else than fits, names that are not one per fit, or a method that
            does not go with the fits.

    Example:
        >>> import trustsem as ts
        >>> data = ts.samples_dir() / "trust_patients.csv"
        >>> loop, one_way = (ts.fit(name, data) for name in ("trust_formation", "trust_formation_recursive"))
        >>> ts.compare(loop, one_way).table[["model", "df", "df_diff"]].values.tolist()[1]
        ['trust_formation_recursive', 781, 1.0]
    """
    _require_fits(fits)
    chosen = None if method is None else read_method(method)
    named = sorted(zip(_names(fits, names), fits, strict=True), key=lambda pair: pair[1].fitted.test.df)
    shown, refused = _criteria([(name, fit.fitted) for name, fit in named])
    findings = [*_of_inputs(fits), *refused]
    pairs = []
    for above, model in pairwise(shown):
        pair, found = _compare_pair(model, above, chosen)
        pairs.append(pair)
        findings.extend(found)
    for model in shown:
        findings.extend(_of_model(model))
    return Comparison(tuple(shown), tuple(pairs), tuple(findings))


def _of_inputs(fits: Sequence[Fit]) -> list[Finding]:
    """Return once what the fits have to say about models and data: dropped rows, conversions."""
    return list(dict.fromkeys(f for fit in fits for f in (*fit.model.findings, *fit.data.findings)))


def _require_fits(fits: Sequence[object]) -> None:
    if len(fits) < 2:
        raise UsageError(
            f"A comparison needs two fits or more; there are {len(fits)}.",
            remedy="ts.compare(fit_1, fit_2); of a list: ts.compare(*fits).",
            code="too-few-fits",
        )
    wrong = sorted({type(fit).__name__ for fit in fits if not isinstance(fit, Fit)})
    if wrong:
        raise UsageError(
            f"compare takes results of ts.fit, not {', '.join(wrong)}.",
            remedy="ts.compare(ts.fit(model_1, data), ts.fit(model_2, data)).",
            code="not-a-fit",
        )


def _names(fits: Sequence[Fit], names: Sequence[str] | None) -> tuple[str, ...]:
    if names is None:
        return _unique([_own_name(fit, number) for number, fit in enumerate(fits, start=1)])
    given = [names] if isinstance(names, str) else [str(name) for name in names]
    if len(given) != len(fits) or len(set(given)) < len(given):
        raise UsageError(
            f"names needs one name per fit, all different: {len(fits)} fits, {len(set(given))} names.",
            remedy='For example names=["configural", "metric"].',
            code="comparison-names",
        )
    return tuple(given)


def _own_name(fit: Fit, number: int) -> str:
    """Return the model's name, with what it holds equal across groups."""
    name = fit.model.name if fit.model.name not in (None, "standard input") else f"model {number}"
    equal = fit.options.spec.group_equal
    return f"{name}, equal {' + '.join(equal)}" if equal else str(name)


def _unique(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(
        name if names.count(name) == 1 else f"{name} ({names[: position + 1].count(name)})"
        for position, name in enumerate(names)
    )


def _criteria(named: Sequence[tuple[str, FittedModel]]) -> tuple[list[ComparedModel], list[Finding]]:
    """Decide whose AIC and BIC stand beside each other: the most models that share a scale, the others without."""

    def obstacle(one: FittedModel, other: FittedModel) -> Obstacle | None:
        return convergence_obstacle(one, other) or data_obstacle(one, other) or criteria_obstacle(one, other)

    classes: list[list[int]] = []
    for position, (_, fitted) in enumerate(named):
        home = next((members for members in classes if obstacle(named[members[0]][1], fitted) is None), None)
        if home is None:
            classes.append([position])
        else:
            home.append(position)
    kept = max(classes, key=len)
    lone = len(kept) == 1
    shown = [
        ComparedModel(name, fitted, has_criteria=not lone and position in kept)
        for position, (name, fitted) in enumerate(named)
    ]
    findings = []
    first = named[kept[0]]
    for position, (name, fitted) in enumerate(named):
        if position not in kept:
            reason = obstacle(first[1], fitted)
            assert reason is not None
            sentence = f"No AIC and BIC of '{name}' beside those of '{first[0]}': {reason.reason}."
            findings.append(Finding("criteria-not-comparable", Severity.WARNING, sentence, reason.remedy, name))
    return shown, findings


def _compare_pair(
    model: ComparedModel, above: ComparedModel, method: DifferenceMethod | None
) -> tuple[ComparedPair, list[Finding]]:
    restricted, general = model.fitted, above.fitted
    stopped = convergence_obstacle(restricted, general) or data_obstacle(restricted, general)
    obstacle = stopped or difference_obstacle(restricted, general)
    if obstacle is not None:
        sentence = f"No test of '{model.name}' against '{above.name}': {obstacle.reason}."
        finding = Finding(obstacle.code, Severity.WARNING, sentence, obstacle.remedy, model.name)
        return ComparedPair(model.name, above.name, None, obstacle.reason, stopped is None), [finding]
    test = difference_of(restricted, general, method)
    findings = [*test.findings, *_edges(model, restricted.table, general.table)]
    return ComparedPair(model.name, above.name, test, None, same_data=True), findings


def _edges(model: ComparedModel, restricted: ParameterTable, general: ParameterTable) -> list[Finding]:
    """Warn of variances that the restricted model fixes at the bound of the general one.

    Without a bound an estimate may fall on either side of 0, and the difference is a chi-square as usual (Savalei &
    Kolenikov 2008).
    """
    free = {row.key for row in general.free_rows if row.lower is not None and row.lower >= 0}
    fixed = [
        row.key
        for row in restricted.rows
        if row.op == "~~" and row.lhs == row.rhs and row.value == 0 and not row.exogenous and row.key in free
    ]
    if not fixed:
        return []
    return [
        Finding(
            "difference-on-the-edge",
            Severity.WARNING,
            f"'{model.name}' fixes {', '.join(fixed)} at 0, the bound of the model above: the p-value of the "
            "difference is too large (Stoel, Galindo Garre, Dolan & van den Wittenboer 2006).",
            remedy="Fit both models without bounds, or halve the p-value if one variance is all that differs.",
            parameter=", ".join(fixed),
        )
    ]


def _of_model(model: ComparedModel) -> list[Finding]:
    """Carry on what speaks against one of the fits."""
    fitted = model.fitted
    if not fitted.estimate.converged:
        return [
            Finding(
                "comparison-not-converged",
                Severity.ERROR,
                f"'{model.name}' did not converge: none of its numbers is shown.",
                remedy="See the findings of its own fit.",
                parameter=model.name,
            )
        ]
    findings = []
    if not fitted.admissible:
        findings.append(
            Finding(
                "comparison-inadmissible",
                Severity.WARNING,
                f"The solution of '{model.name}' is not admissible; tests of differences assume that it is.",
                remedy="See the findings of its own fit.",
                parameter=model.name,
            )
        )
    edges = [relation.text for relation in fitted.estimate.active.relations if not relation.is_equality]
    if edges:
        findings.append(
            Finding(
                "comparison-on-the-edge",
                Severity.WARNING,
                f"The solution of '{model.name}' lies on the edge of {', '.join(edges)}: chi-square differences from "
                "it follow no chi-square distribution.",
                remedy="Take the p-value as a rough one, or fit without the inequality.",
                parameter=model.name,
            )
        )
    return findings
