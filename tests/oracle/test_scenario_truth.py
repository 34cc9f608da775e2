"""Scenarios against populations that are known: moved ones, and the true parameters of the shipped sample."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import trustsem as ts
from trustsem.simulate import AnswerScale, Population, cut_responses, scored_moments
from trustsem.syntax import parse_model

# Figure 1 in small, with its loop: two factors, two processes, two trusts, all in units of their items.
MEASUREMENT = """
    a =~ {0}a1 + {1}a2 + {2}a3
    b =~ {0}b1 + {1}b2 + {2}b3
    p =~ {0}p1 + {1}p2 + {2}p3
    q =~ {0}q1 + {1}q2 + {2}q3
    y =~ {0}y1 + {1}y2 + {2}y3
    z =~ {0}z1 + {1}z2 + {2}z3
"""
PATHS = """
    p ~ {0}a
    q ~ {1}b
    y ~ {2}p + {3}z
    z ~ {4}q + {5}y
    y ~~ {6}z
    a ~~ {7}b
"""
TRUE_PATHS = (0.6, 0.5, 0.5, 0.25, 0.45, 0.3, 0.1, 0.3)
MODEL = MEASUREMENT.format("", "", "") + PATHS.format(*[""] * 8)
ITEMS = [f"{stem}{k}" for stem in "abpqyz" for k in (1, 2, 3)]
_WIDE = 4.0  # standard errors: 1 in 16,000 for each of some dozen comparisons with a fixed seed


def population(push: str = "") -> Population:
    text = MEASUREMENT.format("1*", "0.9*", "0.8*") + PATHS.format(*(f"{value}*" for value in TRUE_PATHS))
    variances = "\n".join([*(f"{name} ~~ 0.5*{name}" for name in ITEMS), *(f"{name} ~~ 1*{name}" for name in "abpqyz")])
    means = "\n".join(f"{item} ~ 3*1" for item in ITEMS)
    return Population.from_syntax(f"{text}\n{variances}\n{means}\n{push}")


def factor_change(moved: Population, base: Population, name: str) -> float:
    k = base.names.index(name)
    return float(moved.mean[k] - base.mean[k])


@pytest.fixture(scope="module")
def exact() -> ts.Fit:
    """A fit to the population's own moments: its estimates are the true parameters."""
    base = population()
    names = list(base.observed)
    return ts.fit(MODEL, sample_cov=pd.DataFrame(base.observed_cov * 1e4 / (1e4 - 1), names, names), n_obs=10_000)


@pytest.mark.parametrize("lever", ["a", "q", "y"])
def test_a_push_is_a_higher_mean_or_intercept_in_the_population(exact: ts.Fit, lever: str) -> None:
    """Exactly: the population with `lever ~ 0.4*1` against the one without, loop included."""
    base, moved = population(), population(f"{lever} ~ 0.4*1")
    changes = exact.scenario({lever: 0.4}).changes
    assert len(changes) > 1
    for row in changes.to_dict("records"):
        # the fit stops at a gradient near 1e-6
        assert row["units"] == pytest.approx(factor_change(moved, base, row["construct"]), rel=1e-4)
        k = base.names.index(row["construct"])
        assert row["sd"] == pytest.approx(row["units"] / np.sqrt(base.cov[k, k]), rel=1e-4)


def test_a_hold_is_the_population_without_the_arrows_into_it(exact: ts.Fit) -> None:
    text = MEASUREMENT.format("1*", "0.9*", "0.8*") + "z ~ 0.3*y + 0.45*q\nq ~ 0.5*b\n"
    rest = [*(f"{name} ~~ 0.5*{name}" for name in ITEMS), *(f"{name} ~~ 1*{name}" for name in "abpqyz")]
    cut = [Population.from_syntax("\n".join([text, *rest, f"y ~ {mean}*1"])) for mean in (0.0, 0.7)]
    row = exact.scenario({"y": 0.7}, intervention="hold", outcome="z").changes.iloc[1]
    assert row["units"] == pytest.approx(factor_change(cut[1], cut[0], "z"), rel=1e-4)


def test_points_are_the_change_of_generated_scores() -> None:
    """Two groups of respondents, one from the moved population: the mean scores differ by what a fit predicted."""
    rng = np.random.default_rng(20)
    base, moved = population(), population("a ~ 0.5*1")
    frame = pd.DataFrame(base.draw(3000, rng), columns=list(base.observed))
    fit = ts.fit(MODEL, frame)
    low, high = frame.min(), frame.max()
    before, after = (pd.DataFrame(source.draw(40_000, rng), columns=list(base.observed)) for source in (base, moved))
    changes = fit.scenario({"a": 0.5}).changes
    assert set(changes["construct"]) == {"a", "p", "y", "z"}
    for row in changes.to_dict("records"):
        items = [f"{row['construct']}{k}" for k in (1, 2, 3)]
        scores = [(100 * (data[items] - low[items]) / (high - low)[items]).mean(axis=1) for data in (before, after)]
        happened = scores[1].mean() - scores[0].mean()
        noise = np.sqrt(scores[0].var() / len(before) + scores[1].var() / len(after))
        assert abs(happened - row["points"]) < _WIDE * np.hypot(noise, row["points_se"])


def test_points_of_ordinal_items_are_the_change_of_chosen_answers() -> None:
    """Answers cut from a moved population: exact means by their thresholds, against the fit of 2,000 respondents."""
    stems = "fgh"
    text = "f =~ 0.8*f1 + 0.7*f2 + 0.6*f3\ng =~ 0.8*g1 + 0.7*g2 + 0.6*g3\nh =~ 0.8*h1 + 0.7*h2 + 0.6*h3\n"
    text += "g ~ 0.5*f\nh ~ 0.6*g"
    base = Population.from_syntax(text, standardized=True)
    names = list(base.observed)
    scales = [AnswerScale.from_shares(name, (0.1, 0.2, 0.3, 0.25, 0.15)) for name in names]
    answers = cut_responses(base.draw(2000, np.random.default_rng(8)), scales, base.observed_mean, np.ones(9))
    fit = ts.fit("f =~ f1 + f2 + f3\ng =~ g1 + g2 + g3\nh =~ h1 + h2 + h3\ng ~ f\nh ~ g",
                 pd.DataFrame(answers, columns=names), ordered=True)  # fmt: skip
    changes = fit.scenario({"f": "+0.9sd"}).changes.set_index("construct")
    loadings, total = {1: 0.8, 2: 0.7, 3: 0.6}, {"f": 0.9, "g": 0.45, "h": 0.27}
    for stem in stems:
        shifted = [
            AnswerScale(f"{stem}{k}", scales[0].scores, tuple(np.array(scales[0].thresholds) - loading * total[stem]))
            for k, loading in loadings.items()
        ]
        means = [scored_moments(np.eye(3), group).mean.mean() for group in (shifted, scales[:3])]
        true = 25 * (means[0] - means[1])
        row = changes.loc[stem]
        assert true > 1
        assert abs(row["points"] - true) < _WIDE * row["points_se"]
        assert row["points_se"] < 2


def truth() -> dict[str, float]:
    path = ts.samples_dir() / "trust_patients.truth.json"
    return json.loads(path.read_text(encoding="utf-8"))["models"]["trust_formation"]["parameters"]


def true_changes(lever: str, step_sd: float) -> dict[str, tuple[float, float]]:
    """Return (sd, points) of every construct at the true parameters, by matrices filled from the model's text."""
    parameters = truth()
    model = parse_model((ts.load_model("trust_formation")).syntax)
    names = list(dict.fromkeys(p.lhs for p in model.parameters if p.op == "=~"))
    k = {name: index for index, name in enumerate(names)}
    arrows, psi = np.zeros((14, 14)), np.zeros((14, 14))
    loadings: dict[str, list[float]] = {name: [1.0] for name in names}
    for key, number in parameters.items():
        for op in ("=~", "~~", "~"):
            lhs, found, rhs = key.partition(op)
            if not found:
                continue
            if op == "=~":
                loadings[lhs].append(number)
            elif op == "~~" and lhs in k:
                psi[k[lhs], k[rhs]] = psi[k[rhs], k[lhs]] = number
            elif op == "~":
                arrows[k[lhs], k[rhs]] = number
            break
    total = np.linalg.inv(np.eye(14) - arrows)
    sd = np.sqrt(np.diag(total @ psi @ total.T))
    moved = total[:, k[lever]] * step_sd * sd[k[lever]]
    return {name: (moved[i] / sd[i], 25 * np.mean(loadings[name]) * moved[i]) for name, i in k.items()}


def test_true_effects_of_the_shipped_sample_lie_within_the_intervals() -> None:
    """All seven factors on all that they reach, in both scales; 95 % intervals hold 95 %, so a few may miss."""
    fit = ts.fit("trust_formation", ts.samples_dir() / "trust_patients.csv")
    inside, total = 0, 0
    factors = ("humanistic_quality", "individual_quality", "medical_situation", "rights_protection",
               "group_identity", "social_trust", "public_opinion")  # fmt: skip
    for lever in factors:
        true = true_changes(lever, 0.5)
        for row in fit.scenario({lever: "+0.5sd"}).changes.to_dict("records"):
            for scale, value in zip(("sd", "points"), true[row["construct"]], strict=True):
                if row["role"] == "lever" and scale == "sd":
                    assert row["sd"] == pytest.approx(value)
                    continue
                assert abs(row[scale] - value) < _WIDE * row[f"{scale}_se"], (lever, row["construct"], scale)
                inside += row[f"{scale}_lower"] <= value <= row[f"{scale}_upper"]
                total += 1
    assert total == 7 + 7 * 2 * 5
    assert inside >= 0.9 * total
