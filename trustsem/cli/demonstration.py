"""What the demo computes: Figure 1 on the bundled sample, its variant, and what both say about the theory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from trustsem.cli.inputs import find_model, read_data
from trustsem.fitting import fit
from trustsem.fitting.claims import construct_name, path_claims
from trustsem.fitting.measures_to_read import measures_to_read
from trustsem.tables.sentences import (
    ALPHA,
    PathClaim,
    fit_sentences,
    indirect_sentence,
    loop_sentence,
    moved_sentence,
    p_text,
    path_sentence,
    verdict_counts,
)
from trustsem.theory import load_theory

if TYPE_CHECKING:
    import pandas as pd

    from trustsem.fitting import Fit
    from trustsem.inference.difference import DifferenceTest

MODEL = "trust_formation"
SAMPLE = "trust_patients"
TRUSTS = {"interpersonal": "interpersonal_trust", "intergroup": "intergroup_trust"}
INTERACTIONS = {"interpersonal": "interpersonal_interaction", "intergroup": "intergroup_interaction"}
ARROWS = (("intergroup_trust", "interpersonal_trust"), ("interpersonal_trust", "intergroup_trust"))


@dataclass(frozen=True, slots=True, eq=False)
class Demonstration:
    """The results of the demo.

    Args:
        fit: `trust_formation` on the sample, its five-point answers as ordinal items.
        variant: The same with the covariance of the two trusts' disturbances fixed at 0.
        claims: Every arrow by identifiers (predictor, outcome), in the order of the model, with the expected sign.
        effects: Effects of factors and interactions on the trust of their level.
    """

    fit: Fit
    variant: Fit
    claims: Mapping[tuple[str, str], PathClaim]
    effects: pd.DataFrame


def demonstrate() -> Demonstration:
    """Fit the demo's model and its variant, and judge the paths against the theory."""
    model = find_model(MODEL)
    built = model.trust_model()
    assert built is not None, "the demo's model is one that TrustModel renders"
    survey = read_data(SAMPLE, None, model)
    result = fit(model, survey, ordered=True)
    variant = fit(replace(built, disturbance_covariance=False), survey, ordered=True)
    claims = {(row.predictor, row.outcome): row.claim for row in path_claims(result)}
    return Demonstration(result, variant, claims, mediation(result))


def mediation(result: Fit) -> pd.DataFrame:
    """Return the effects of each level's factors and interaction on its trust."""
    import pandas as pd

    theory = load_theory()
    frames = []
    for level, trust in TRUSTS.items():
        factors = [construct.id for construct in theory.constructs(level=level, kind="factor")]
        frames.append(result.effects(x=[INTERACTIONS[level], *factors], y=trust))
    return pd.concat(frames, ignore_index=True)


def mediation_sentences(effects: pd.DataFrame) -> list[str]:
    """Say what each chain carries: every specific way of the interactions, all ways together of the factors."""
    records = effects.to_dict("records")
    totals = {(row["x"], row["y"]): row["std_all"] for row in records if row["effect"] == "total"}
    sentences = []
    for row in records:
        is_interaction = row["x"] in INTERACTIONS.values()
        wanted = "specific indirect" if is_interaction else "total indirect"
        if row["effect"] == wanted:
            through = [construct_name(step) for step in row["path"].split(" -> ")[1:-1]] if is_interaction else []
            total = totals[row["x"], row["y"]] if is_interaction else None
            sentences.append(
                indirect_sentence(
                    construct_name(row["x"]), construct_name(row["y"]), through, row["std_all"], row["pvalue"], total
                )
            )  # fmt: skip
    return sentences


def loop_sentences(result: Fit) -> list[str]:
    """Say of every loop whether it is there and settles."""
    sentences = []
    for row in result.loops().to_dict("records"):
        members = [construct_name(member) for member in row["loop"].split(" -> ")[:-1]]
        sentences.append(
            loop_sentence(members, row["gain"], row["ci_lower"], row["ci_upper"], row["stability_index"])
        )  # fmt: skip
    return sentences


def arrow_rows(demo: Demonstration) -> list[dict[str, Any]]:
    """Return the loop's two arrows with the covariance free and with it fixed at 0."""
    rows = []
    for predictor, outcome in ARROWS:
        free, fixed = (_regression(one, predictor, outcome) for one in (demo.fit, demo.variant))
        rows.append(
            {
                "predictor": predictor,
                "outcome": outcome,
                "est": free["est"],
                "se": free["se"],
                "est_without_covariance": fixed["est"],
                "se_without_covariance": fixed["se"],
            }
        )
    return rows


def _regression(result: Fit, predictor: str, outcome: str) -> dict[str, Any]:
    records = result.estimates.to_dict("records")
    return next(row for row in records if (row["lhs"], row["op"], row["rhs"]) == (outcome, "~", predictor))


def variant_sentences(demo: Demonstration) -> list[str]:
    """Say how far the loop's arrows move when the disturbances are forced apart, and whether the data object."""
    sentences = [
        moved_sentence(f"{row['predictor']} -> {row['outcome']}", row["est"], row["est_without_covariance"], row["se"])
        for row in arrow_rows(demo)
    ]
    test = covariance_test(demo)
    if test is not None and test.pvalue is not None:
        verdict = "do not object to it, which does not make it true" if test.pvalue >= ALPHA else "object to it"
        sentences.append(
            f"Forcing the covariance to 0 raises chi-square by {test.statistic:.3f} for {test.df} degree of freedom "
            f"({p_text(test.pvalue)}, scaled and shifted): the data {verdict}."
        )
    return sentences


def covariance_test(demo: Demonstration) -> DifferenceTest | None:
    """Return the test of the disturbance covariance, df 1; None where it was refused."""
    from trustsem.fitting.comparison import compare

    return compare(demo.fit, demo.variant).tests[0]


def all_sentences(demo: Demonstration) -> dict[str, list[str]]:
    """Return the demo's sentences by the section they belong to."""
    claims = list(demo.claims.values())
    return {
        "paths": [*(path_sentence(claim) for claim in claims), verdict_counts(claims)],
        "effects": mediation_sentences(demo.effects),
        "loop": loop_sentences(demo.fit),
        "variant": variant_sentences(demo),
        "fit": list(fit_sentences(measures_to_read(demo.fit))),
    }
