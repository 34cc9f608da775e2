"""From parameters to the moments that a model implies, with first and second derivatives."""

from trustsem.implied.derivatives import MomentDerivatives, moment_derivatives, sigma_jacobian
from trustsem.implied.layout import GroupLayout, ModelLayout, Reduction, build_layout
from trustsem.implied.moments import Implied, implied_moments
from trustsem.implied.ordinal import OrdinalMoments, ordinal_moments
from trustsem.implied.second import contracted_second_derivatives

__all__ = [
    "GroupLayout",
    "Implied",
    "ModelLayout",
    "MomentDerivatives",
    "OrdinalMoments",
    "Reduction",
    "build_layout",
    "contracted_second_derivatives",
    "implied_moments",
    "moment_derivatives",
    "ordinal_moments",
    "sigma_jacobian",
]
