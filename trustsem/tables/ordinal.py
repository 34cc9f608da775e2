"""Ordinal items as data frames: categories, thresholds, statistics, category probabilities, factor scores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustsem.effects import CaseScores
from trustsem.effects.category_probabilities import item_probabilities
from trustsem.effects.modal_scores import modal_scores
from trustsem.effects.responses import responses_of
from trustsem.errors import UsageError
from trustsem.pipeline import FittedModel
from trustsem.suggestions import suggest
from trustsem.tables.cases import Cases
from trustsem.tables.estimates import estimates_frame
from trustsem.tables.groups import group_names

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class SampleStatistics:
    """What a model of one group is fitted to.

    Args:
        cov: (p, p) covariances; of ordinal items the correlations of their latent responses (polychoric, polyserial),
            given the predictors where the model conditions on them.
        mean: (p,) means, of continuous variables only where items are ordinal; None where there are none.
        thresholds: By `item|t1`, in standard deviations of the latent response; None without ordinal items.
        slopes: (p, k) probit and linear slopes on the predictors; None where the model does not condition on any.
    """

    cov: pd.DataFrame
    mean: pd.Series | None
    thresholds: pd.Series | None = None
    slopes: pd.DataFrame | None = None


def require_ordinal(fitted: FittedModel, what: str) -> None:
    """Refuse fits without ordinal items.

    Raises:
        UsageError: there are none.
    """
    if fitted.table.ordinal is None:
        raise UsageError(
            f"The fit has no ordinal items: there are no {what}.",
            remedy="Name the ordinal items in ordered=.",
            code="no-ordinal-items",
        )


def item_scores(fitted: FittedModel, cases: Cases) -> dict[str, FloatArray]:
    """Return the answers that each ordinal item's categories stand for, ascending."""
    assert fitted.table.ordinal is not None
    observed = fitted.table.variables.observed
    result = {}
    for item in fitted.table.ordinal.levels:
        values = cases.values[:, observed.index(item)]
        result[item] = np.unique(values[~np.isnan(values)])
    return result


def sample_statistics(fitted: FittedModel) -> dict[str, SampleStatistics]:
    """Return the statistics of every group by its label."""
    labels = group_names(fitted.table)
    return {label: _statistics(fitted, number) for number, label in enumerate(labels)}


def _statistics(fitted: FittedModel, number: int) -> SampleStatistics:
    sample = fitted.moments.groups[number]
    statistics = sample.categorical
    if statistics is None:
        names = list(sample.names)
        mean = None if sample.mean is None else pd.Series(sample.mean, index=names)
        return SampleStatistics(pd.DataFrame(sample.cov, index=names, columns=names), mean)
    layout = statistics.layout
    names, predictors = list(sample.names[: layout.n_variables]), list(sample.names[layout.n_variables :])
    continuous = [names[k] for k in layout.continuous]
    thresholds = {
        f"{name}|t{k}": value
        for name, values in zip(names, statistics.thresholds, strict=True)
        for k, value in enumerate(values.tolist(), start=1)
    }
    return SampleStatistics(
        pd.DataFrame(statistics.cov, index=names, columns=names),
        pd.Series(statistics.mean[layout.continuous], index=continuous) if continuous else None,
        pd.Series(thresholds, dtype=float),
        pd.DataFrame(statistics.slopes, index=names, columns=predictors) if predictors else None,
    )


def thresholds_frame(fitted: FittedModel, cases: Cases) -> pd.DataFrame:
    """Return one row per threshold: item, threshold, below, above, est, se, ci_lower, ci_upper, group, group_label.

    `below` and `above` are the answers that it parts.
    """
    scores, labels = item_scores(fitted, cases), group_names(fitted.table)
    frame = estimates_frame(fitted)
    rows = []
    for row in frame.loc[frame["op"] == "|"].to_dict("records"):
        of_item, number = scores[row["lhs"]], int(str(row["rhs"])[1:])
        rows.append(
            {
                "item": row["lhs"],
                "threshold": row["rhs"],
                "below": of_item[number - 1],
                "above": of_item[number],
                **{name: row[name] for name in ("est", "se", "ci_lower", "ci_upper", "group")},
                "group_label": labels[row["group"] - 1],
            }
        )
    return pd.DataFrame(rows)


def modal_scores_of(fitted: FittedModel, cases: Cases) -> list[CaseScores]:
    """Return the empirical Bayes modal scores of the rows of every group."""
    codes, observed = cases.values.copy(), fitted.table.variables.observed
    for item, scores in item_scores(fitted, cases).items():
        column = observed.index(item)
        there = ~np.isnan(codes[:, column])
        codes[there, column] = np.searchsorted(scores, codes[there, column])
    groups = np.split(codes, np.cumsum([sample.n_obs for sample in fitted.moments.groups])[:-1])
    return [modal_scores(fitted.estimate, values, group=number) for number, values in enumerate(groups)]


def modal_quality_frame(fitted: FittedModel, cases: Cases) -> pd.DataFrame:
    """Return how good modal scores are: factor, group, se, reliability, determinacy, note.

    se is the root mean square of the rows' standard errors, reliability 1 - se^2 / variance of the factor (marginal
    reliability: Green, Bock, Humphreys, Linn & Reckase 1984), determinacy its root.
    """
    frames = []
    for number, result in enumerate(modal_scores_of(fitted, cases)):
        implied = fitted.estimate.objective.implied(fitted.estimate.x)[number]
        variance = np.diag(implied.total_cov)[implied.n_observed :]
        se = np.sqrt(np.nanmean(result.se**2, axis=0))
        with np.errstate(divide="ignore", invalid="ignore"):
            reliability = np.where(variance > 0, 1 - se**2 / variance, np.nan)
        frames.append(
            pd.DataFrame(
                {
                    "factor": result.latent,
                    "group": number + 1,
                    "se": se,
                    "reliability": reliability,
                    "determinacy": np.sqrt(np.where(reliability >= 0, reliability, np.nan)),
                    "note": "average over the rows: scores from categories differ in precision",
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def category_probabilities_frame(
    fitted: FittedModel,
    cases: Cases,
    factors: Mapping[str, float],
    covariates: Mapping[str, float],
) -> pd.DataFrame:
    """Return one row per item and category: item, category, probability, observed, group, group_label.

    Args:
        fitted: A fit of ordinal items.
        cases: Its respondents.
        factors: Values at which factors are held; the others follow their law given these.
        covariates: Values at which predictors are held; the others keep those of the respondents, over whom
            probabilities are averaged.

    Raises:
        UsageError: names that the model does not have, predictors that it does not condition on, or values that are no
            numbers.
    """
    _require_known(fitted, factors, covariates)
    observed, scores, labels = fitted.table.variables.observed, item_scores(fitted, cases), group_names(fitted.table)
    groups = cases.by_group([sample.n_obs for sample in fitted.moments.groups])
    rows = []
    for number, (sample, values) in enumerate(zip(fitted.moments.groups, groups, strict=True)):
        responses = responses_of(fitted.estimate, number)
        weight = np.ones(len(values)) if sample.cases is None else sample.cases.weight_of_row
        x = values[:, responses.given].copy()
        for column, position in enumerate(responses.given.tolist()):
            x[:, column] = covariates.get(observed[position], x[:, column])
        held = {responses.latent.index(name): float(value) for name, value in factors.items()}
        found = item_probabilities(responses, x, weight, held)
        for item, probabilities in zip(responses.names, found, strict=True):
            answers = values[:, observed.index(item)]
            there = ~np.isnan(answers)
            total = float(weight[there].sum())
            for score, probability in zip(scores[item].tolist(), probabilities.tolist(), strict=True):
                share = float(weight[there & (answers == score)].sum()) / total
                rows.append((item, score, probability, share, number + 1, labels[number]))
    return pd.DataFrame(rows, columns=["item", "category", "probability", "observed", "group", "group_label"])


def _require_known(fitted: FittedModel, factors: Mapping[str, float], covariates: Mapping[str, float]) -> None:
    ordinal, variables = fitted.table.ordinal, fitted.table.variables
    given = variables.exogenous if ordinal is not None and ordinal.conditional_x else ()
    faults = [
        f"{n}: no factor of the model.{suggest(n, variables.latent)}" for n in factors if n not in variables.latent
    ]
    faults += [
        f"{n}: no predictor that the model conditions on.{suggest(n, given)}" for n in covariates if n not in given
    ]
    faults += [f"{n}: not a number." for n, v in (*factors.items(), *covariates.items()) if not _is_number(v)]
    if faults:
        held = f"Factors: {', '.join(variables.latent) or 'none'}. Predictors: {', '.join(given) or 'none'}."
        raise UsageError(
            "Category probabilities cannot be held at these values.",
            faults=faults,
            remedy=held,
            code="unknown-variable",
        )


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float, np.floating, np.integer)) and bool(np.isfinite(value))
