"""When a level of invariance is rejected: rules that are fixed before the first fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from trustsem.errors import UsageError
from trustsem.suggestions import suggest


class Rule(Enum):
    """Which criteria decide; all are computed and shown.

    ANY: the difference test or any change of an index. CHISQ: the difference test alone. CFI: the change of CFI alone
    (Cheung & Rensvold 2002). CHEN: the change of CFI together with that of RMSEA or SRMR (Chen 2007).
    """

    ANY = "any"
    CHISQ = "chisq"
    CFI = "cfi"
    CHEN = "chen"

    @classmethod
    def of(cls, name: str | Rule) -> Rule:
        """Return the rule of that name.

        Raises:
            UsageError: no such rule.
        """
        if isinstance(name, cls):
            return name
        allowed = [rule.value for rule in cls]
        word = str(name).strip().lower()
        if word not in allowed:
            raise UsageError(
                f"There is no decision rule '{name}'.{suggest(word, allowed)}",
                remedy=f"Rules: {', '.join(allowed)}.",
                code="unknown-rule",
            )
        return cls(word)


@dataclass(frozen=True, slots=True)
class DecisionRules:
    """The rule and its limits, in the direction of worse fit.

    Limits are those of Chen (2007, p. 501) for more than 300 respondents.

    Args:
        rule: Which criteria decide.
        alpha: Level of the difference test, and of a single parameter's score test in the search.
        cfi: Drop of CFI.
        rmsea: Rise of RMSEA.
        srmr_loadings: Rise of SRMR where loadings become equal.
        srmr_other: The same for intercepts, residuals and structure.

    Raises:
        UsageError: a level or limit that is none.
    """

    rule: Rule = Rule.ANY
    alpha: float = 0.05
    cfi: float = 0.010
    rmsea: float = 0.015
    srmr_loadings: float = 0.030
    srmr_other: float = 0.010

    def __post_init__(self) -> None:
        object.__setattr__(self, "rule", Rule.of(self.rule))
        if not 0 < self.alpha < 1:
            raise UsageError(f"alpha is {self.alpha:g}: it must lie between 0 and 1.", remedy="Use 0.05, for example.")
        for name in ("cfi", "rmsea", "srmr_loadings", "srmr_other"):
            if not getattr(self, name) > 0:
                raise UsageError(
                    f"The limit of {name} is {getattr(self, name):g}: limits are positive changes for the worse.",
                    remedy="Use 0.010 for CFI, 0.015 for RMSEA, for example.",
                )

    def srmr(self, *, loadings: bool) -> float:
        """Return the limit of SRMR."""
        return self.srmr_loadings if loadings else self.srmr_other

    @classmethod
    def of(cls, rules: str | Rule | DecisionRules) -> DecisionRules:
        """Return rules as they are, or the usual limits with the rule of that name."""
        return rules if isinstance(rules, cls) else cls(rule=Rule.of(rules))  # type: ignore[arg-type]

    def sentences(self) -> tuple[str, ...]:
        """Return the rules in words."""
        criteria = (
            f"chi-square difference: p < {_short(self.alpha)}",
            f"CFI falls by {self.cfi:.3f} or more",
            f"RMSEA rises by {self.rmsea:.3f} or more",
            f"SRMR rises by {self.srmr_loadings:.3f} (loadings) or {self.srmr_other:.3f} (others) or more",
        )
        decides = {
            Rule.ANY: "A level is rejected as soon as one of these speaks against it",
            Rule.CHISQ: "A level is rejected by the chi-square difference alone; the others are shown",
            Rule.CFI: "A level is rejected by CFI alone (Cheung & Rensvold 2002); the others are shown",
            Rule.CHEN: "A level is rejected where CFI and one of RMSEA and SRMR speak against it (Chen 2007)",
        }[self.rule]
        return (f"{decides}:", *criteria)

    def to_dict(self) -> dict[str, object]:
        """Return the rules as JSON-ready values."""
        return {
            "rule": self.rule.value,
            "alpha": self.alpha,
            "delta_cfi": -self.cfi,
            "delta_rmsea": self.rmsea,
            "delta_srmr_loadings": self.srmr_loadings,
            "delta_srmr_other": self.srmr_other,
        }


def _short(value: float) -> str:
    return f"{value:g}".lstrip("0")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one criterion says: its value, and whether it speaks against the level (None: no value)."""

    name: str
    value: float | None
    limit: float
    rejects: bool | None


@dataclass(frozen=True, slots=True)
class Decision:
    """All verdicts and what follows from them.

    Args:
        verdicts: One per criterion: chisq, cfi, rmsea, srmr.
        rejected: None where the criteria of the rule have no values.
        decided_by: Criteria that rejected; empty where none did.
    """

    verdicts: tuple[Verdict, ...]
    rejected: bool | None
    decided_by: tuple[str, ...]


def decide(
    rules: DecisionRules, pvalue: float | None, changes: Mapping[str, float | None], *, loadings: bool
) -> Decision:
    """Judge a level by the rules.

    Args:
        rules: Rule and limits.
        pvalue: Of the difference test.
        changes: Changes of cfi, rmsea and srmr, the more equal model minus the other.
        loadings: Whether loadings are what became equal.
    """
    verdicts = (
        Verdict("chisq", pvalue, rules.alpha, None if pvalue is None else pvalue < rules.alpha),
        _change("cfi", changes["cfi"], -rules.cfi),
        _change("rmsea", changes["rmsea"], rules.rmsea),
        _change("srmr", changes["srmr"], rules.srmr(loadings=loadings)),
    )
    against = {verdict.name: verdict.rejects for verdict in verdicts}
    if rules.rule is Rule.CHEN:
        seconds = [name for name in ("rmsea", "srmr") if against[name]]
        if against["cfi"] is None:
            return Decision(verdicts, None, ())
        rejected = bool(against["cfi"] and seconds)
        return Decision(verdicts, rejected, ("cfi", *seconds) if rejected else ())
    counted = tuple(against) if rules.rule is Rule.ANY else (rules.rule.value,)
    decided_by = tuple(name for name in counted if against[name])
    if all(against[name] is None for name in counted):
        return Decision(verdicts, None, ())
    return Decision(verdicts, bool(decided_by), decided_by)


def _change(name: str, value: float | None, limit: float) -> Verdict:
    if value is None:
        return Verdict(name, None, limit, None)
    return Verdict(name, value, limit, value <= limit if limit < 0 else value >= limit)
