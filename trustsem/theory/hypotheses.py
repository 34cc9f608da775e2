"""Reader of hypotheses.toml and the signs that follow from it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from trustsem.theory.checks import FileCheck
from trustsem.theory.readers import read_all_constructs, read_paths, read_sources
from trustsem.theory.types import STRENGTH, Arrow, Basis, Comparison, ExpectedSign, Hypothesis, Moderator

_REQUIRED = ("text", "source", "basis")
_OPTIONAL = (
    "section",
    "arrows",
    "comparisons",
    "moderators",
    "moderated",
    "respondent_role",
    "contested",
    "contested_arrows",
    "remark",
    "norm",
)
_ROLES = ("patient", "clinician")


@cache
def read_hypotheses(folder: Path) -> Mapping[str, Hypothesis]:
    """Read hypotheses.toml; every construct it names must exist."""
    check = FileCheck(folder / "hypotheses.toml")
    hypotheses = {
        key: _hypothesis(check, key, table)
        for key, table in check.content.items()
        if check.keys(key, table, _REQUIRED, _OPTIONAL)
    }
    constructs, sources = read_all_constructs(folder), read_sources(folder)
    for hypothesis in hypotheses.values():
        check.known(hypothesis.id, "source", hypothesis.source, sources)
        for construct in _constructs_of(hypothesis):
            check.known(hypothesis.id, "construct", construct, constructs)
    _check_paths(check, folder, hypotheses)
    check.raise_faults()
    return MappingProxyType(hypotheses)


@cache
def read_expected_signs(folder: Path) -> Mapping[tuple[str, str], ExpectedSign]:
    """Return the sign expected of every arrow that the hypotheses or the paths name.

    The strongest basis decides; our own additions and norms give no expected sign.
    """
    claims: dict[tuple[str, str], list[ExpectedSign]] = {}
    for hypothesis in read_hypotheses(folder).values():
        for arrow in () if hypothesis.is_norm else hypothesis.arrows:
            claim = ExpectedSign(
                arrow.predictor, arrow.outcome, arrow.sign, arrow.basis, hypothesis.source, (hypothesis.id,),
                arrow.is_contested,
            )  # fmt: skip
            claims.setdefault((arrow.predictor, arrow.outcome), []).append(claim)
    for key, path in read_paths(folder).items():
        if path.sign is not None and path.basis is not Basis.OURS:
            claim = ExpectedSign(*key, path.sign, path.basis, path.source, path.hypotheses)
            claims.setdefault(key, []).append(claim)
    return MappingProxyType({key: _strongest(found) for key, found in claims.items()})


def _hypothesis(check: FileCheck, key: str, table: Mapping[str, Any]) -> Hypothesis:
    basis = check.basis(key, table["basis"])
    contested = {pair for text in table.get("contested_arrows", ()) if (pair := check.bare_arrow(key, text))}
    arrows = tuple(
        Arrow(*parts, is_contested=parts[:2] in contested)
        for text in table.get("arrows", ())
        if (parts := check.arrow(key, text, basis))
    )
    moderated = tuple(pair for text in table.get("moderated", ()) if (pair := check.bare_arrow(key, text)))
    drawn = {(arrow.predictor, arrow.outcome) for arrow in arrows}
    for pair in sorted({*moderated, *contested} - drawn):
        check.fault(key, f"'{pair[0]} -> {pair[1]}' is not one of its arrows.")
    if not arrows and not table.get("comparisons"):
        check.fault(key, "has neither arrows nor comparisons.")
    role = table.get("respondent_role")
    if role is not None:
        check.known(key, "respondent role", role, _ROLES)
    return Hypothesis(
        id=key,
        text=table["text"],
        source=table["source"],
        basis=basis,
        section=table.get("section"),
        arrows=arrows,
        comparisons=tuple(
            Comparison(*parts) for text in table.get("comparisons", ()) if (parts := check.comparison(key, text, basis))
        ),
        moderators=tuple(
            Moderator(*parts) for text in table.get("moderators", ()) if (parts := check.moderator(key, text, basis))
        ),
        moderated=moderated,
        respondent_role=role,
        contested=table.get("contested"),
        remark=table.get("remark"),
        is_norm=bool(table.get("norm", False)),
    )


def _constructs_of(hypothesis: Hypothesis) -> list[str]:
    """Return every identifier that a hypothesis mentions, once each, in order."""
    named = [end for arrow in hypothesis.arrows for end in (arrow.predictor, arrow.outcome)]
    for comparison in hypothesis.comparisons:
        named += [comparison.quantity, comparison.larger, comparison.smaller]
    named += [moderator.construct for moderator in hypothesis.moderators]
    return list(dict.fromkeys(named))


def _check_paths(check: FileCheck, folder: Path, hypotheses: Mapping[str, Hypothesis]) -> None:
    """Paths cite hypotheses that exist, and no two stated or cited claims contradict each other."""
    signs: dict[tuple[str, str], int] = {}
    for key, path in read_paths(folder).items():
        for cited in path.hypotheses:
            check.known(f"{key[0]} -> {key[1]} (paths.toml)", "hypothesis", cited, hypotheses)
        if path.sign is not None and path.basis in (Basis.STATED, Basis.CITED):
            signs[key] = path.sign
    for hypothesis in hypotheses.values():
        for arrow in () if hypothesis.is_norm else hypothesis.arrows:
            key = (arrow.predictor, arrow.outcome)
            if arrow.basis in (Basis.STATED, Basis.CITED) and signs.setdefault(key, arrow.sign) != arrow.sign:
                check.fault(hypothesis.id, f"the sign of '{key[0]} -> {key[1]}' contradicts another entry.")


def _strongest(claims: list[ExpectedSign]) -> ExpectedSign:
    """Merge the claims about one arrow: the strongest basis gives the sign, all agreeing hypotheses are named."""
    best = min(claims, key=lambda claim: STRENGTH.index(claim.basis))
    agreeing = [claim for claim in claims if claim.sign == best.sign]
    named = dict.fromkeys(hypothesis for claim in agreeing for hypothesis in claim.hypotheses)
    return ExpectedSign(
        best.predictor,
        best.outcome,
        best.sign,
        best.basis,
        best.source,
        tuple(sorted(named, key=lambda name: int(name[1:]))),
        any(claim.is_contested for claim in claims),
    )
