"""TrustModel: Figure 1 as reconstructed, or any part of it, built from the theory and a questionnaire."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields

from trustsem.errors import UsageError
from trustsem.instruments import load_codebook
from trustsem.spec.trust_text import WordingFactor, render
from trustsem.suggestions import count_of, suggest
from trustsem.theory import Basis, Construct, ExpectedSign, Path, load_theory

PATHS = ("interpersonal", "intergroup")
FEEDBACK_DIRECTIONS = ("interpersonal_to_intergroup", "intergroup_to_interpersonal")
TRUST = {"interpersonal": "interpersonal_trust", "intergroup": "intergroup_trust"}
INTERACTION = {"interpersonal": "interpersonal_interaction", "intergroup": "intergroup_interaction"}
WORDINGS = ("method_factor", "random_intercept")
WORDING_FACTOR = {"method_factor": "reversed_wording", "random_intercept": "response_style"}
_MIN_ITEMS = 2  # one item leaves loading and error variance inseparable
# One reversed item's share in a method factor is part of its own error. A random intercept needs the contrast of +1
# and -1: a constant added to all covariances is hardly to be told from one added to the factors' covariances.
_MIN_REVERSED = {"method_factor": 2, "random_intercept": 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustModel:
    """A model of doctor-patient trust, rendered as lavaan syntax by `syntax()`.

    Options that depend on others may be left at None: they then take the value Figure 1 has for the chosen paths and
    read back as that value.

    Args:
        paths: "interpersonal", "intergroup" or both.
        feedback: True for both arrows between the two trusts, False for none, "interpersonal_to_intergroup" or
            "intergroup_to_interpersonal" for one. None: True with both paths, else False.
        factors: Factors to keep; None keeps all of the chosen paths.
        relationship: Whether the trusts lead on to `trust_relationship`. None: True with both paths, else False.
        disturbance_covariance: Whether the disturbances of the two trusts may covary; False fixes it to zero. None:
            True with both paths, else False. Forced to zero where it is not, both arrows of the loop are biased.
        crossed: Let every factor touch the interactions of both levels.
        first_trust: Let group_identity open interpersonal interaction as well.
        covariates: Observed covariates (age, education, life_satisfaction, technique, ethics, service) instead of
            the factor individual_quality. They predict every factor kept, interpersonal interaction and trust.
        wording: How answers may hang together beyond the constructs, by the way items are worded. "method_factor": a
            factor `reversed_wording` of the reverse-keyed items alone (Marsh 1996, Journal of Personality and Social
            Psychology 70:810; Eid 2000, Psychometrika 65:241), here with equal loadings: free ones cannot be
            estimated where there is no effect. "random_intercept": a factor `response_style` of all items, a
            person's tendency to agree with whatever is asked, with loadings 1 for answers as given, so -1 for items
            reflected when scored (Maydeu-Olivares & Coffman 2006, Psychological Methods 11:344). Either has a free
            variance, hence 1 df less, and is uncorrelated with the constructs. None: no such factor.
        instrument: Codebook that names the items.
        items_per_construct: Use only the first so many items of each construct; None uses all.

    Raises:
        UsageError: A choice is unknown or contradicts another; all such faults are listed.

    >>> TrustModel(paths="intergroup").constructs[:2]
    ('group_identity', 'social_trust')
    >>> TrustModel().expected_signs["interpersonal_trust", "intergroup_trust"].sign
    1
    """

    paths: str | Sequence[str] = PATHS
    feedback: bool | str | None = None
    factors: str | Sequence[str] | None = None
    relationship: bool | None = None
    disturbance_covariance: bool | None = None
    crossed: bool = False
    first_trust: bool = False
    covariates: str | Sequence[str] = ()
    wording: str | None = None
    instrument: str = "dpt_patient"
    items_per_construct: int | None = None

    def __post_init__(self) -> None:
        faults: list[str] = []
        self._set("paths", _choose("path", self.paths, PATHS, faults))
        if not self.paths:
            faults.append("No path chosen. Allowed: interpersonal, intergroup.")
        self._resolve_between(faults)
        self._set("covariates", _choose("covariate", self.covariates, _allowed_covariates(self.instrument), faults))
        self._resolve_factors(faults)
        faults += self._wording_faults()
        faults += self._count_faults() or ([] if faults else [*self._item_faults(), *self._reversed_faults()])
        if faults:
            raise UsageError(
                f"TrustModel cannot be built; {count_of(len(faults), 'choice')} to correct.",
                remedy="Correct the choices named above; docs/theory.md shows what can be combined.",
                code="trust-model",
                faults=faults,
            )

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)

    def _resolve_between(self, faults: list[str]) -> None:
        """Fill in what concerns the two levels together, and refuse it where there is one level only."""
        both = len(self.paths) == len(PATHS)
        for name in ("feedback", "disturbance_covariance", "relationship"):
            if getattr(self, name) is None:
                self._set(name, both)
        for name in ("relationship", "disturbance_covariance", "crossed", "first_trust"):
            if not isinstance(getattr(self, name), bool):
                faults.append(f"{name} must be True or False.")
        if isinstance(self.feedback, str) and self.feedback not in FEEDBACK_DIRECTIONS:
            hint = suggest(self.feedback, FEEDBACK_DIRECTIONS)
            faults.append(
                f"Unknown feedback '{self.feedback}'.{hint} Allowed: True, False, {', '.join(FEEDBACK_DIRECTIONS)}."
            )
        elif not isinstance(self.feedback, bool | str):
            faults.append(f"feedback must be True, False or one of {', '.join(FEEDBACK_DIRECTIONS)}.")
        for name in ("feedback", "disturbance_covariance", "crossed"):
            if getattr(self, name) and self.paths and not both:
                faults.append(
                    f"{name} connects the two paths and needs both of them: paths=('interpersonal', 'intergroup')."
                )
        if self.first_trust and "interpersonal" not in self.paths:
            faults.append("first_trust opens interpersonal interaction and needs the interpersonal path.")
        if self.first_trust and self.crossed:
            faults.append("first_trust is part of crossed already; leave one of them out.")

    def _resolve_factors(self, faults: list[str]) -> None:
        theory = load_theory()
        pool = [factor.id for level in self.paths for factor in theory.constructs(level=level, kind="factor")]
        if self.first_trust and "group_identity" not in pool:
            pool.append("group_identity")
        self._set("factors", tuple(pool) if self.factors is None else _choose("factor", self.factors, pool, faults))
        if self.first_trust and "group_identity" not in (self.factors or ()):
            faults.append("first_trust needs the factor group_identity.")
        if self.covariates and "interpersonal" not in self.paths:
            faults.append("covariates act on the interpersonal path, which is not chosen.")
        if self.covariates and "individual_quality" in (self.factors or ()):
            kept = tuple(factor for factor in self.factors or () if factor != "individual_quality")
            faults.append(
                "The covariates stand for the factor individual_quality: use one or the other, never both. "
                f"Write factors={kept!r}."
            )

    def _count_faults(self) -> list[str]:
        wanted = self.items_per_construct
        if wanted is None or (isinstance(wanted, int) and not isinstance(wanted, bool) and wanted >= _MIN_ITEMS):
            return []
        return [f"items_per_construct must be a whole number of at least {_MIN_ITEMS}, or None for all items."]

    def _item_faults(self) -> list[str]:
        codebook = load_codebook(self.instrument)
        needed = self.items_per_construct or _MIN_ITEMS
        available = {construct: len(codebook.items_of(construct)) for construct in self.constructs}
        return [
            f"The codebook {codebook.id} has {count_of(count, 'item')} for {construct}, {needed} needed."
            for construct, count in available.items()
            if count < needed
        ]

    def _wording_faults(self) -> list[str]:
        if self.wording is None or self.wording in WORDINGS:
            return []
        hint = suggest(str(self.wording), WORDINGS)
        return [f"Unknown wording '{self.wording}'.{hint} Allowed: None, {', '.join(WORDINGS)}."]

    def _reversed_faults(self) -> list[str]:
        count, needed = len(self.reversed_items()), _MIN_REVERSED.get(self.wording or "", 0)
        if count >= needed:
            return []
        least = count_of(needed, "reverse-keyed item")
        return [f"wording='{self.wording}' needs {least} at least; the items used have {count}."]

    @property
    def constructs(self) -> tuple[str, ...]:
        """The latent variables of the model, in the order of the theory."""
        kept = {*(self.factors or ()), *(["trust_relationship"] if self.relationship else [])}
        inner = [
            c.id
            for level in self.paths
            for c in load_theory().constructs(level=level)
            if c.kind in ("process", "trust")
        ]
        kept.update(inner)
        return tuple(construct.id for construct in load_theory().constructs() if construct.id in kept)

    @property
    def arrows(self) -> tuple[Path, ...]:
        """The structural paths with their basis, in the order of the text."""
        theory = load_theory()
        groups = [*self.paths]
        groups += ["first_trust"] if self.first_trust or self.crossed else []  # the crossed arrow that a source states
        groups += ["crossed"] if self.crossed else []
        groups += ["individual_differences"] if self.covariates else []
        present = {*self.constructs, *self.covariates}
        arrows = [p for g in groups for p in theory.paths(group=g) if {p.predictor, p.outcome} <= present]
        arrows += [p for p in theory.paths(group="feedback") if self._has_feedback(p)]
        if self.relationship:
            arrows += [p for p in theory.paths(group="relationship") if p.predictor in present]
        adjusted = [
            Path(covariate, factor, "adjustment", None, Basis.OURS, "ours", None)
            for factor in self.factors or ()
            for covariate in self.covariates
        ]
        return (*adjusted, *arrows)

    @property
    def expected_signs(self) -> dict[tuple[str, str], ExpectedSign]:
        """The expected sign of each (predictor, outcome) of the model that the theory has an expectation of."""
        theory = load_theory()
        signs = ((p.predictor, p.outcome, theory.expected_sign(p.predictor, p.outcome)) for p in self.arrows)
        return {(predictor, outcome): sign for predictor, outcome, sign in signs if sign is not None}

    def items_of(self, construct: str) -> tuple[str, ...]:
        """Return the names of the items that measure a construct in this model."""
        items = load_codebook(self.instrument).items_of(construct)
        return tuple(item.name for item in items)[: self.items_per_construct]

    def reversed_items(self) -> tuple[str, ...]:
        """Return the items used that are asked from the negative pole."""
        used = {item for construct in self.constructs for item in self.items_of(construct)}
        return tuple(i.name for i in load_codebook(self.instrument).items if i.reverse and i.name in used)

    def syntax(self) -> str:
        """Return the model as commented lavaan syntax."""
        theory = load_theory()
        measurement = [(theory.construct(construct), self.items_of(construct)) for construct in self.constructs]
        return render(
            call=self._call(),
            measurement=measurement,
            arrows=self.arrows,
            covariances=self._covariances(),
            names=self._short_names(measurement),
            factors=self.factors or (),
            levels=tuple(self.paths),
            reversed_items=self.reversed_items(),
            wording=self._wording_factor(),
        )

    def __str__(self) -> str:
        return self.syntax()

    def _has_feedback(self, path: Path) -> bool:
        if isinstance(self.feedback, bool) or self.feedback is None:
            return bool(self.feedback)
        direction = (
            "interpersonal_to_intergroup" if path.predictor == TRUST["interpersonal"] else FEEDBACK_DIRECTIONS[1]
        )
        return self.feedback == direction

    def _covariances(self) -> list[tuple[str, str, bool, str]]:
        """Return (one, other, is free, why) for each covariance that the text must write out."""
        written = []
        if len(self.paths) == len(PATHS):
            why = (
                "disturbances of the two trusts share causes outside the model"
                if self.disturbance_covariance
                else "variant: no shared causes of the two trusts outside the model"
            )
            written.append((*TRUST.values(), bool(self.disturbance_covariance), why))
        if self.covariates:
            factors = self.factors or ()
            written += [
                (one, other, True, "given the covariates; not added by default")
                for i, one in enumerate(factors)
                for other in factors[i + 1 :]
            ]
        return written

    def _wording_factor(self) -> WordingFactor | None:
        """Return the factor of the wording, uncorrelated with every construct that lavaan would let it covary with."""
        if self.wording is None:
            return None
        outcomes = {arrow.outcome for arrow in self.arrows}
        return WordingFactor(
            kind=self.wording,
            name=WORDING_FACTOR[self.wording],
            items=tuple(self.items_of(construct) for construct in self.constructs),
            orthogonal_to=tuple(construct for construct in self.constructs if construct not in outcomes),
        )

    def _short_names(self, measurement: list[tuple[Construct, tuple[str, ...]]]) -> dict[str, str]:
        names = {construct.id: construct.short or construct.id for construct, _ in measurement}
        return {**names, **{covariate: covariate for covariate in self.covariates}}

    def _call(self) -> str:
        """Return the call that builds this model, with the options that differ from the plain model of its paths."""
        plain = TrustModel(paths=self.paths, first_trust=self.first_trust)
        shown = {"paths": self.paths} if self.paths != PATHS else {}
        shown |= {"first_trust": True} if self.first_trust else {}
        options = {field.name: getattr(self, field.name) for field in fields(self)}
        shown |= {name: value for name, value in options.items() if value != getattr(plain, name)}
        return f"TrustModel({', '.join(f'{name}={value!r}' for name, value in shown.items())})"


def _choose(what: str, given: object, allowed: Iterable[str], faults: list[str]) -> tuple[str, ...]:
    """Return the chosen names in the order of `allowed`; unknown and repeated ones are faults."""
    allowed = tuple(allowed)
    if not isinstance(given, str | Iterable):
        faults.append(f"{what} must be given as a name or a list of names.")
        return ()
    chosen = (given,) if isinstance(given, str) else tuple(given)
    for name in chosen:
        if name not in allowed:
            hint = suggest(str(name), allowed)
            faults.append(f"Unknown {what} '{name}'.{hint} Allowed here: {', '.join(allowed) or 'none'}.")
    for name in dict.fromkeys(name for name in chosen if chosen.count(name) > 1):
        faults.append(f"{what} '{name}' is given twice.")
    return tuple(name for name in allowed if name in chosen)


def _allowed_covariates(instrument: str) -> tuple[str, ...]:
    """Return the covariates that the theory gives a path to and the codebook has."""
    named = dict.fromkeys(path.predictor for path in load_theory().paths(group="individual_differences"))
    available = {covariate.name for covariate in load_codebook(instrument).covariates}
    return tuple(name for name in named if name in available)
