"""Write the samples in which one variable changes what another does, each with its truth file.

Run it without arguments to write `clinician_practices` and `group_relations` (.csv and .truth.json) beside this script.
Nobody was asked: responses are drawn from the populations below, cut at fixed thresholds into five points, stored as
the questionnaires ask (reversed items reflected) and partly lost.

A product of two normal variables is not normal, so true parameters of the scored answers cannot come from the series
that the other samples use. Here every variable is a function of a few independent standard normal ones (and of ratings
with five values): moments of the answers up to the fourth order, which products of centred answers need, are integrals
over these, computed by Gauss-Hermite quadrature (and sums over the ratings).
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from pathlib import Path

import numpy as np
from make_module_samples import AGE, MISSING, MISSING_CELLS, N_HOSPITALS, Cells, describe
from numpy.typing import NDArray
from scipy.special import ndtr

from trustsem.instruments import load_codebook
from trustsem.simulate import ANSWERED, AnswerScale, cut_responses, draw_missing, pseudo_true_parameters, store_answers
from trustsem.spec.build import build_table
from trustsem.spec.library import LibraryModel, list_models
from trustsem.spec.table import LatentProduct, ParameterTable
from trustsem.syntax import parse_model

# Skewed shares bend the answers: errors of scores then vary with the factor, and products of them are off (RMSEA .008).
MIDDLE = (0.10, 0.22, 0.34, 0.24, 0.10)
N_NODES = 28  # more change no moment by 1e-7
CENTRE = np.zeros(1)

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Equation:
    """A variable as a sum of others, of their products (`a:b`), and of an independent standard normal one.

    Args:
        outcome: Its name.
        terms: Coefficients by name.
        spread: What the independent variable is multiplied by; 0 for none.
    """

    outcome: str
    terms: Mapping[str, float]
    spread: float


@dataclass(frozen=True)
class Design:
    """One sample.

    Args:
        name: Name of the files, and of the sample in the models' descriptions.
        codebook: Its questionnaire.
        seed: Fixed before the first run.
        size: Respondents.
        ratings: Ratings of one to five points that respondents give directly, with the shares of the points; in the
            equations they count in standard deviations from their mean. They are independent of each other.
        equations: The variables behind the items, each from those before it.
        loadings: Items of each variable with their loadings; a response is loading times variable plus error, with
            variances that add up to 1 where the variable's is 1.
        shares: Shares of the five scores of a standard normal response.
    """

    name: str
    codebook: str
    seed: int
    size: int
    ratings: Mapping[str, tuple[float, ...]]
    equations: tuple[Equation, ...]
    loadings: Mapping[str, Mapping[str, float]]
    shares: tuple[float, ...]

    @property
    def text(self) -> str:
        """The population as PROVENANCE.md quotes it."""
        lines = [f"{name}: one to five points with shares {', '.join(map(str, s))}" for name, s in self.ratings.items()]
        for equation in self.equations:
            terms = [f"{value:g}*{name}" for name, value in equation.terms.items()]
            lines.append(f"{equation.outcome} = {' + '.join([*terms, f'{equation.spread:g}*e'])}")
        for factor, items in self.loadings.items():
            lines.append(f"{factor} =~ {' + '.join(f'{value:g}*{item}' for item, value in items.items())}")
        lines.append(f"cut at shares {', '.join(map(str, self.shares))}")
        return "\n".join(lines)

    @cached_property
    def items(self) -> tuple[str, ...]:
        """All items."""
        return tuple(item for items in self.loadings.values() for item in items)

    @cached_property
    def scales(self) -> tuple[AnswerScale, ...]:
        """The scale of each item."""
        reverse = {item.name: item.reverse for item in load_codebook(self.codebook).items}
        return tuple(AnswerScale.from_shares(item, self.shares, reverse=reverse[item]) for item in self.items)

    def variables(self, ratings: Mapping[str, FloatArray], errors: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
        """Return the variables behind the items, given ratings in points and the independent normal variables."""
        values = {name: (points - rating_mean(s)) / rating_sd(s) for (name, s), points in zip_ratings(self, ratings)}
        for equation in self.equations:
            total = equation.spread * errors[equation.outcome]
            for name, coefficient in equation.terms.items():
                total = total + coefficient * np.prod([values[part] for part in name.split(":")], axis=0)
            values[equation.outcome] = total
        return values


def zip_ratings(design: Design, ratings: Mapping[str, FloatArray]) -> list[tuple[tuple[str, Sequence[float]], FloatArray]]:
    """Return the ratings with their shares and their points."""
    return [((name, shares), ratings[name]) for name, shares in design.ratings.items()]


def rating_mean(shares: Sequence[float]) -> float:
    """Return the mean of a rating of 1, 2, ... points."""
    return float(np.dot(np.arange(1, len(shares) + 1), shares))


def rating_sd(shares: Sequence[float]) -> float:
    """Return the standard deviation of a rating of 1, 2, ... points."""
    return float(np.sqrt(np.dot(np.square(np.arange(1, len(shares) + 1) - rating_mean(shares)), shares)))


PRACTICES = Design(
    name="clinician_practices",
    codebook="practices",
    seed=62031,
    size=1000,
    ratings={"time_constraint": (0.15, 0.25, 0.30, 0.20, 0.10), "implicit_bias": (0.25, 0.30, 0.25, 0.13, 0.07), "low_health_literacy": (0.30, 0.30, 0.22, 0.12, 0.06)},
    equations=(
        Equation("clinician_practices", {"time_constraint": -0.25, "implicit_bias": -0.20}, 0.947),
        Equation(
            "feeling_heard",
            {"clinician_practices": 0.50, "time_constraint": -0.20, "clinician_practices:time_constraint": -0.20},
            0.75,
        ),
        Equation(
            "interpersonal_trust",
            {"feeling_heard": 0.45, "clinician_practices": 0.20, "time_constraint": -0.05, "implicit_bias": -0.20},
            0.70,
        ),
    ),
    loadings={
        "clinician_practices": {"cp1": 0.74, "cp2": 0.80, "cp3": 0.72, "cp4": 0.76, "cp5": 0.70},
        "feeling_heard": {"fh1": 0.80, "fh2": 0.78, "fh3": 0.70},
        "interpersonal_trust": {"ipt1": 0.80, "ipt2": 0.82, "ipt3": 0.70},
    },
    shares=MIDDLE,
)
RELATIONS = Design(
    name="group_relations",
    codebook="group_relations",
    seed=62032,
    size=1000,
    ratings={},
    equations=(
        Equation("conflict", {}, 1.0),
        Equation("rights_protection", {"conflict": -0.30}, 0.954),
        Equation("ingroup_identification", {"conflict": 0.20}, 0.980),
        Equation(
            "interpersonal_trust",
            {"conflict": -0.35, "rights_protection": 0.35, "conflict:rights_protection": 0.22},
            0.78,
        ),
        Equation(
            "intergroup_anxiety",
            {"conflict": 0.40, "ingroup_identification": 0.20, "conflict:ingroup_identification": 0.25},
            0.80,
        ),
        Equation(
            "willingness_to_communicate",
            {"intergroup_anxiety": -0.45, "conflict": -0.15, "ingroup_identification": -0.10},
            0.80,
        ),
    ),
    loadings={
        "conflict": {"gc1": 0.82, "gc2": 0.80, "gc3": 0.74},
        "rights_protection": {"rp1": 0.80, "rp2": 0.80, "rp3": 0.72},
        "ingroup_identification": {"oi1": 0.82, "oi2": 0.80, "oi3": 0.74},
        "interpersonal_trust": {"ipt1": 0.80, "ipt2": 0.82, "ipt3": 0.70},
        "intergroup_anxiety": {"ga1": 0.82, "ga2": 0.80, "ga3": 0.72},
        "willingness_to_communicate": {"wc1": 0.80, "wc2": 0.78, "wc3": 0.70},
    },
    shares=MIDDLE,
)
DESIGNS = (PRACTICES, RELATIONS)


# --- the sample ---------------------------------------------------------------------------------------------------


def make_sample(design: Design) -> Cells:
    """Return the synthetic survey, one list of cells for each column."""
    rng = np.random.default_rng(design.seed)
    ratings = {
        name: rng.choice(np.arange(1.0, len(shares) + 1), size=design.size, p=shares)
        for name, shares in design.ratings.items()
    }
    errors = {equation.outcome: rng.standard_normal(design.size) for equation in design.equations}
    values = design.variables(ratings, errors)
    responses = np.column_stack(
        [
            loading * values[factor] + np.sqrt(1 - loading**2) * rng.standard_normal(design.size)
            for factor, items in design.loadings.items()
            for loading in items.values()
        ]
    )
    n_items = len(design.items)
    scores = cut_responses(responses, design.scales, np.zeros(n_items), np.ones(n_items))
    stored = store_answers(scores, design.scales).astype(np.int64)
    answers: dict[str, NDArray[np.int64]] = dict(zip(design.items, stored.T, strict=True))
    answers |= {name: points.astype(np.int64) for name, points in ratings.items()}
    age = cut_responses(rng.standard_normal((design.size, 1)), (AGE,), CENTRE, CENTRE + 1)
    answers["age"] = age[:, 0].astype(np.int64)
    asked = [name for name in load_codebook(design.codebook).item_names if name in answers]
    asked += [*design.ratings, "age"]
    kinds = draw_missing(design.size, len(asked), MISSING, rng)
    cells: Cells = {"respondent": [str(number + 1) for number in range(design.size)]}
    for name, column in zip(asked, kinds.T, strict=True):
        cells[name] = [
            str(answer) if kind == ANSWERED else MISSING_CELLS[int(kind)]
            for answer, kind in zip(answers[name], column, strict=True)
        ]
    hospital = rng.integers(0, N_HOSPITALS, design.size)  # answers within a hospital have nothing in common
    cells["hospital"] = [f"H{number + 1:02d}" for number in hospital]
    cells["region"] = [f"R{number // 2 + 1:02d}" for number in hospital]
    return cells


# --- the truth ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Grid:
    """Nodes of the integral: weights, and at each node the ratings in points and the variables behind the items."""

    weight: FloatArray
    ratings: Mapping[str, FloatArray]
    values: Mapping[str, FloatArray]


def make_grid(design: Design, needed: Sequence[str], n_nodes: int = N_NODES) -> Grid:
    """Return the nodes over which the variables in `needed`, and those that they are made of, are integrated."""
    used = set(needed)
    for equation in reversed(design.equations):
        if equation.outcome in used:
            used |= {part for name in equation.terms for part in name.split(":")}
    part = replace(
        design,
        equations=tuple(equation for equation in design.equations if equation.outcome in used),
        ratings={name: shares for name, shares in design.ratings.items() if name in used},
    )
    points, weights = np.polynomial.hermite_e.hermegauss(n_nodes)
    axes = [(np.arange(1.0, len(shares) + 1), np.asarray(shares)) for shares in part.ratings.values()]
    axes += [(points, weights / weights.sum())] * len(part.equations)
    mesh = [axis.ravel() for axis in np.meshgrid(*(axis for axis, _ in axes), indexing="ij")]
    weight = np.prod([w.ravel() for w in np.meshgrid(*(weight for _, weight in axes), indexing="ij")], axis=0)
    ratings = dict(zip(part.ratings, mesh, strict=False))
    outcomes = [equation.outcome for equation in part.equations]
    errors = dict(zip(outcomes, mesh[len(part.ratings) :], strict=True))
    return Grid(weight, ratings, part.variables(ratings, errors))


def answer_moments(design: Design, grid: Grid, names: Sequence[str]) -> tuple[dict[str, FloatArray], dict[str, FloatArray]]:
    """Return mean and mean square of each centred answer at every node; centred at its mean in the population."""
    scales = {scale.name: scale for scale in design.scales}
    source = {item: (factor, value) for factor, items in design.loadings.items() for item, value in items.items()}
    first, second = {}, {}
    for name in names:
        if name in grid.ratings:
            mean, square = grid.ratings[name], grid.ratings[name] ** 2
        else:
            factor, loading = source[name]
            cuts = np.asarray(scales[name].thresholds)[:, None]
            above = ndtr((loading * grid.values[factor] - cuts) / np.sqrt(1 - loading**2))
            mean = 1 + above.sum(axis=0)
            square = 1 + (above * (2 * np.arange(1, len(cuts) + 1)[:, None] + 1)).sum(axis=0)
        centre = grid.weight @ mean
        first[name], second[name] = mean - centre, square - 2 * centre * mean + centre**2
    return first, second


def population_moments(
    design: Design, table: ParameterTable, n_nodes: int = N_NODES
) -> tuple[FloatArray, FloatArray]:
    """Return exact means and covariances of the scored answers and of products of centred answers, in table order.

    Given the variables behind them answers are independent, so that the mean of a product of different ones is the
    product of their means at each node.
    """
    made = parts_of(table.products)
    names = table.variables.observed
    answers = list(dict.fromkeys(part for name in names for part in made.get(name, (name,))))
    latent = [factor for factor, items in design.loadings.items() if set(items) & set(answers)]
    grid = make_grid(design, [*latent, *(name for name in answers if name in design.ratings)], n_nodes)
    first, second = answer_moments(design, grid, answers)

    def expected(*parts: str) -> float:
        value = grid.weight
        for name, times in Counter(parts).items():
            value = value * (first[name] if times == 1 else second[name])
        return float(value.sum())

    every = [made.get(name, (name,)) for name in names]
    mean = np.array([expected(*parts) for parts in every])
    cov = np.zeros((len(names), len(names)))
    for (i, one), (j, other) in product(enumerate(every), repeat=2):
        if i <= j:
            cov[i, j] = cov[j, i] = expected(*one, *other) - mean[i] * mean[j]
    return mean, cov


def parts_of(products: Sequence[LatentProduct]) -> dict[str, tuple[str, str]]:
    """Return the two answers behind each product column."""
    return {column.name: (column.left, column.right) for term in products for column in term.columns}


def model_truth(design: Design, model: LibraryModel) -> dict[str, object]:
    """Return the true parameters of a model."""
    table = build_table(parse_model(model.syntax))
    mean, cov = population_moments(design, table)
    return describe(pseudo_true_parameters(table, table.variables.observed, cov, mean))


def make_truth(design: Design) -> dict[str, object]:
    """Return the parameters that the models on this sample tend to on the scored answers."""
    meta = {
        "what": "parameters that maximum likelihood tends to as the sample grows; metric: scored answers",
        "script": Path(__file__).name,
        "seed": design.seed,
        "population_sha256": hashlib.sha256(design.text.encode()).hexdigest(),
    }
    models = [model for model in list_models() if model.sample == design.name]
    return {"_meta": meta, "models": {model.name: model_truth(design, model) for model in models}}


def write_sample(design: Design, path: Path) -> None:
    """Write the synthetic survey as UTF-8 CSV with Unix line ends."""
    columns = make_sample(design)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))


def write_truth(design: Design, path: Path) -> None:
    """Write the true parameters as JSON."""
    path.write_text(json.dumps(make_truth(design), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    folder = Path(__file__).resolve().parent
    for one in DESIGNS:
        write_sample(one, folder / f"{one.name}.csv")
        write_truth(one, folder / f"{one.name}.truth.json")
