"""Start values, optimisers, admissibility: from a layout and moments to an estimate."""

from trustsem.estimate.estimator import Estimate, OptimStatus, Optimum, estimate_parameters
from trustsem.estimate.objective import Objective
from trustsem.estimate.start import start_values

__all__ = ["Estimate", "Objective", "OptimStatus", "Optimum", "estimate_parameters", "start_values"]
