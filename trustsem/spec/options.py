"""The choices that turn a model text into a parameter table: lavaan's presets and their single rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum

from trustsem.errors import UsageError
from trustsem.suggestions import suggest

# What group_equal can ask for, by lavaan's names with dots turned to underscores.
GROUP_EQUAL = (
    "loadings",
    "intercepts",
    "means",
    "thresholds",
    "regressions",
    "residuals",
    "residual_covariances",
    "lv_variances",
    "lv_covariances",
)


class Preset(Enum):
    """Which of lavaan's functions supplies the automatic rules."""

    SEM = "sem"
    CFA = "cfa"
    GROWTH = "growth"
    NONE = "none"


class Bounds(Enum):
    """Automatic bounds, by lavaan's names: which (residual) variances are held at 0 or above."""

    NONE = "none"
    POS_VAR = "pos_var"
    POS_OV_VAR = "pos_ov_var"
    POS_LV_VAR = "pos_lv_var"


class ProductIndicators(Enum):
    """Which indicators of two factors are multiplied: first with first and so on, or each with each."""

    MATCHED = "matched"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Rules:
    """lavaan's automatic rules, by lavaan's names."""

    auto_fix_first: bool = True
    auto_fix_single: bool = True
    auto_var: bool = True
    auto_cov_lv_x: bool = True
    auto_cov_y: bool = True
    int_ov_free: bool = True
    int_lv_free: bool = False


@dataclass(frozen=True, slots=True)
class SpecOptions:
    """What a user can ask of the specification; None means lavaan's default for the preset.

    Args:
        preset: Source of the automatic rules.
        meanstructure: Whether means are modelled; None: only where the model needs them.
        std_lv: Fix latent variances at 1 and free all loadings.
        effect_coding: Loadings of a factor average 1, its intercepts average 0 (Little, Slegers & Card 2006).
        orthogonal: Latent variables do not covary, nor do the residuals of latent outcomes.
        bounds: Which variances may not become negative.
        fixed_x: Moments of observed exogenous variables are taken as they are in the sample.
        group_labels: One label per group, in the order of the groups; empty: one group without a name.
        group_equal: Which parameters are equal across groups, out of `GROUP_EQUAL` (lavaan's dots are accepted).
        group_partial: Parameters that group_equal leaves alone, as they are written: "f=~x3", "x7~1".
        ordered: Ordinal items with their number of categories.
        theta: Residual variances of ordinal items' latent responses are 1 (theta), instead of total ones (delta).
        conditional_x: Ordinal models condition on exogenous variables; None: they do.
        product_indicators: How indicators of multiplied factors are paired; None: matched where both have the same
            number, else all.

    Raises:
        UsageError: a name in group_equal that is none, or a group label that comes twice.
    """

    preset: Preset = Preset.SEM
    meanstructure: bool | None = None
    std_lv: bool = False
    effect_coding: bool = False
    orthogonal: bool = False
    fixed_x: bool | None = None
    bounds: Bounds = Bounds.NONE
    group_labels: tuple[str, ...] = ()
    group_equal: tuple[str, ...] = ()
    group_partial: tuple[str, ...] = ()
    ordered: tuple[tuple[str, int], ...] = ()
    theta: bool = False
    conditional_x: bool | None = None
    product_indicators: ProductIndicators | None = None

    def __post_init__(self) -> None:
        labels = _names(self.group_labels)
        repeated = sorted({label for label in labels if labels.count(label) > 1})
        if repeated:
            raise UsageError(
                f"The group label '{repeated[0]}' comes twice.", remedy="Give each group a label of its own."
            )
        object.__setattr__(self, "group_labels", labels)
        object.__setattr__(self, "group_equal", read_group_equal(self.group_equal))
        object.__setattr__(self, "group_partial", tuple("".join(name.split()) for name in _names(self.group_partial)))

    @property
    def levels(self) -> Mapping[str, int]:
        """Categories of each ordinal item."""
        return dict(self.ordered)

    @property
    def n_groups(self) -> int:
        """Number of groups, 1 where none are named."""
        return max(1, len(self.group_labels))

    @property
    def frees_latent_means(self) -> bool:
        """Whether latent means of all groups but the first are free: equal intercepts carry their scale over."""
        return "intercepts" in self.group_equal and "means" not in self.group_equal

    @property
    def frees_latent_variances(self) -> bool:
        """Whether std_lv holds in the first group only: equal loadings carry the factors' units over."""
        return "loadings" in self.group_equal and "lv_variances" not in self.group_equal

    def rules(self) -> Rules:
        """Return the automatic rules of the preset after the other options had their say."""
        rules = _RULES[self.preset]
        if self.std_lv or self.effect_coding:
            rules = replace(rules, auto_fix_first=False)
        return rules

    @property
    def uses_fixed_x(self) -> bool:
        """Whether exogenous moments come from the sample."""
        return True if self.fixed_x is None else self.fixed_x


_RULES = {
    Preset.SEM: Rules(),
    Preset.CFA: Rules(),
    Preset.GROWTH: Rules(int_ov_free=False, int_lv_free=True),
    Preset.NONE: Rules(
        auto_fix_first=False,
        auto_fix_single=False,
        auto_var=False,
        auto_cov_lv_x=False,
        auto_cov_y=False,
        int_ov_free=False,
        int_lv_free=False,
    ),
}


def read_group_equal(names: str | Iterable[str]) -> tuple[str, ...]:
    """Return the names of a `group_equal` as `GROUP_EQUAL` has them, each once.

    Raises:
        UsageError: a name that is none of them; all such names at once.

    Example:
        >>> read_group_equal(["loadings", "lv.variances"])
        ('loadings', 'lv_variances')
    """
    known, faults = [], []
    for name in _names(names):
        key = "_".join(name.strip().lower().replace(".", " ").replace("-", " ").split())
        if key in GROUP_EQUAL:
            known.append(key)
        else:
            faults.append(f"'{name}' is nothing that can be equal across groups.{suggest(key, GROUP_EQUAL)}")
    if faults:
        allowed = ", ".join(GROUP_EQUAL)
        raise UsageError(
            "group_equal cannot be read.", faults=faults, remedy=f"Use any of: {allowed}.", code="unknown-group-equal"
        )
    return tuple(dict.fromkeys(known))


def _names(value: str | Iterable[str]) -> tuple[str, ...]:
    """Return one name or several as a tuple: a single string is one name, not its letters."""
    return (value,) if isinstance(value, str) else tuple(str(name) for name in value)


def preset_of(value: str | Preset) -> Preset:
    """Return the preset of that name."""
    if isinstance(value, Preset):
        return value
    try:
        return Preset(str(value).lower())
    except ValueError:
        allowed = ", ".join(preset.value for preset in Preset)
        raise UsageError(
            f"Unknown preset '{value}'.", remedy=f"Use one of: {allowed}.", code="unknown-preset"
        ) from None
