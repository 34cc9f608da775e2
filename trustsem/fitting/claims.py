"""The paths of a fit beside the signs that the theory expects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from trustsem.tables.sentences import PathClaim
from trustsem.theory import load_theory

if TYPE_CHECKING:
    from trustsem.fitting.result import Fit


@dataclass(frozen=True, slots=True)
class PathRow:
    """One regression: identifiers of its ends, its group (from 1), and what a sentence says of it."""

    predictor: str
    outcome: str
    group: int
    se: float
    claim: PathClaim


def path_claims(fit: Fit, language: str = "en") -> tuple[PathRow, ...]:
    """Return every regression of a fit with the sign that the theory expects of it, in the order of the model.

    Args:
        fit: The fit.
        language: Of the constructs' names, "en" or "zh".
    """
    theory = load_theory()
    regressions = fit.estimates.loc[fit.estimates["op"] == "~"]
    predictors = regressions.groupby(["lhs", "group"]).size()
    rows = []
    for row in regressions.to_dict("records"):
        claim = PathClaim(
            construct_name(row["rhs"], language),
            construct_name(row["lhs"], language),
            row["est"],
            row["pvalue"],
            row["std_all"],
            theory.expected_sign(row["rhs"], row["lhs"]),
            bool(predictors[row["lhs"], row["group"]] == 1),
        )
        rows.append(PathRow(row["rhs"], row["lhs"], int(row["group"]), row["se"], claim))
    return tuple(rows)


def construct_name(identifier: str, language: str = "en") -> str:
    """Return a construct's name for running text; the identifier where the theory does not know it."""
    known = {construct.id: construct.name for construct in load_theory().constructs(with_concepts=True)}
    if identifier not in known:
        return identifier
    name = getattr(known[identifier], language)
    return name[:1].lower() + name[1:]
