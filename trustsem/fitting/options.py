"""Every option of `ts.fit`: what is supported, what is refused by name, and what to use instead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trustsem.discrepancy import DISCREPANCIES
from trustsem.errors import UsageError
from trustsem.inference import InformationKind, Likelihood
from trustsem.pipeline import PipelineOptions
from trustsem.spec import Bounds, SpecOptions, preset_of


@dataclass(frozen=True, slots=True)
class RefusedOption:
    """An option of the public interface that this version cannot honour, and the alternative."""

    name: str
    meaning: str
    alternative: str


# Options whose value must stay at its default; the list only shrinks.
REFUSED_OPTIONS: Mapping[str, RefusedOption] = {
    option.name: option
    for option in (
        RefusedOption("ordered", "ordinal items", "Analyse the items as continuous answers."),
        RefusedOption("group", "multi-group models", "Fit each group's rows on their own."),
        RefusedOption("group_label", "order of groups", "Fit each group's rows on their own."),
        RefusedOption("group_equal", "equality across groups", "Fit each group's rows on their own."),
        RefusedOption("group_partial", "partial equality across groups", "Fit each group's rows on their own."),
        RefusedOption(
            "cluster", "cluster-robust standard errors", "Fit without it; standard errors will be too small."
        ),
        RefusedOption("sampling_weights", "sampling weights", "Fit without weights and say so."),
        RefusedOption("strata", "survey strata", "Fit without them and say so."),
        RefusedOption("fpc", "finite population correction", "Fit without it: standard errors are conservative."),
        RefusedOption("replicate_weights", "replicate weights", "Fit without weights and say so."),
        RefusedOption("replicate_type", "replicate weights", "Fit without weights and say so."),
        RefusedOption("replicate_scale", "replicate weights", "Fit without weights and say so."),
        RefusedOption("auxiliary", "auxiliary variables", "Fit the complete rows without them."),
        RefusedOption("conditional_x", "conditioning on covariates", "Use fixed_x=True, the default."),
        RefusedOption("zero_cells", "empty cells of ordinal tables", "Analyse the items as continuous answers."),
        RefusedOption("bootstrap", "bootstrap", "Use the delta-method intervals of fit.estimates and fit.effects()."),
        RefusedOption("h1_information", "information of robust corrections", "Use the standard errors of ML."),
    )
}

_UNSET = (None, (), False, [], "")


@dataclass(frozen=True, slots=True)
class FitOptions:
    """The options of one fit after validation."""

    spec: SpecOptions
    pipeline: PipelineOptions
    given: Mapping[str, Any]  # every option with its value, for the record

    def to_dict(self) -> dict[str, Any]:
        """Return all options as JSON-ready values."""
        return dict(self.given)


def read_options(options: Mapping[str, Any]) -> FitOptions:
    """Check all options at once and turn them into what the layers below take.

    Raises:
        UsageError: one fault per option that is unknown, has a value that is not allowed, or is not supported yet.
    """
    faults = [*_refused(options), *_closed_choices(options), *_flags(options)]
    if faults:
        raise UsageError(
            "Some options cannot be used.",
            faults=faults,
            remedy="`trustsem check --refused` prints everything that this version refuses.",
            code="option-not-supported",
        )
    spec = SpecOptions(
        preset=preset_of(options["preset"]),
        meanstructure=options["meanstructure"],
        std_lv=options["std_lv"],
        effect_coding=options["effect_coding"],
        orthogonal=options["orthogonal"],
        fixed_x=options["fixed_x"],
        bounds=Bounds(str(options["bounds"] or "none").replace(".", "_").lower()),
    )
    pipeline = PipelineOptions(
        estimator=str(options["estimator"]).upper(),
        likelihood=Likelihood(str(options["likelihood"]).lower()),
        information=InformationKind(str(options["information"] or "expected").lower()),
    )
    given = {**options, "information": pipeline.information.value, "fixed_x": spec.uses_fixed_x}
    return FitOptions(spec, pipeline, given)


def _refused(options: Mapping[str, Any]) -> list[str]:
    faults = []
    for name, option in REFUSED_OPTIONS.items():
        value = options.get(name)
        if not any(value is unset or value == unset for unset in _UNSET):
            faults.append(f"{name}: {option.meaning}: not in this version. {option.alternative}")
    if options.get("seed") is not None:
        faults.append("seed: nothing in this fit is random. Leave it out.")
    return faults


_CHOICES: Mapping[str, Sequence[str]] = {
    "estimator": tuple(name.lower() for name in DISCREPANCIES),
    "missing": ("listwise",),
    "likelihood": tuple(kind.value for kind in Likelihood),
    "information": tuple(kind.value for kind in InformationKind),
    "observed_information": ("hessian",),
    "se": ("standard",),
    "test": ("standard",),
    "parameterization": ("delta",),
    "weights_normalization": ("group",),
    "bounds": tuple(kind.value for kind in Bounds),
    "preset": ("sem", "cfa", "growth", "none"),
}
_OPTIONAL = frozenset({"information", "observed_information", "se", "test", "bounds"})


def _closed_choices(options: Mapping[str, Any]) -> list[str]:
    faults = []
    for name, allowed in _CHOICES.items():
        value = options[name]
        if value is None and name in _OPTIONAL:
            continue
        if str(getattr(value, "value", value)).lower().replace(".", "_") not in allowed:
            faults.append(f"{name}={value!r} is not available. Allowed now: {', '.join(allowed)}.")
    if options["observed_information"] is not None and options["information"] != "observed":
        faults.append('observed_information has no effect without information="observed".')
    return faults


def _flags(options: Mapping[str, Any]) -> list[str]:
    faults = []
    for name in ("std_lv", "effect_coding", "orthogonal"):
        if not isinstance(options[name], bool):
            faults.append(f"{name} must be True or False, not {options[name]!r}.")
    for name in ("meanstructure", "fixed_x"):
        if options[name] is not None and not isinstance(options[name], bool):
            faults.append(f"{name} must be True, False or None, not {options[name]!r}.")
    if options["std_lv"] is True and options["effect_coding"] is True:
        faults.append("std_lv and effect_coding both set the scale of the factors: choose one.")
    return faults
