"""The choices that turn a model text into a parameter table: lavaan's presets and their single rules."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from trustsem.errors import UsageError


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
    """

    preset: Preset = Preset.SEM
    meanstructure: bool | None = None
    std_lv: bool = False
    effect_coding: bool = False
    orthogonal: bool = False
    fixed_x: bool | None = None
    bounds: Bounds = Bounds.NONE

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
