"""trustsem: structural equation modelling of doctor-patient trust surveys.

>>> import trustsem as ts
>>> fit = ts.fit("interpersonal_path", ts.samples_dir() / "trust_patients.csv")
>>> fit.converged
True
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from trustsem.version import __version__

if TYPE_CHECKING:
    from trustsem.errors import TrustSemError
    from trustsem.fitting import Fit, fit
    from trustsem.instruments import load_codebook
    from trustsem.records import Finding, Severity
    from trustsem.resources import models_dir, samples_dir
    from trustsem.spec import TrustModel, list_models, load_model
    from trustsem.survey import Survey, read_survey
    from trustsem.theory import load_theory

# Names are imported when first used: `import trustsem` stays quick, and the command line pays only for what it calls.
_HOMES = {
    "Finding": "trustsem.records",
    "Fit": "trustsem.fitting",
    "Severity": "trustsem.records",
    "Survey": "trustsem.survey",
    "TrustModel": "trustsem.spec",
    "TrustSemError": "trustsem.errors",
    "fit": "trustsem.fitting",
    "list_models": "trustsem.spec",
    "load_codebook": "trustsem.instruments",
    "load_model": "trustsem.spec",
    "load_theory": "trustsem.theory",
    "models_dir": "trustsem.resources",
    "read_survey": "trustsem.survey",
    "samples_dir": "trustsem.resources",
}

__all__ = [
    "Finding",
    "Fit",
    "Severity",
    "Survey",
    "TrustModel",
    "TrustSemError",
    "__version__",
    "fit",
    "list_models",
    "load_codebook",
    "load_model",
    "load_theory",
    "models_dir",
    "read_survey",
    "samples_dir",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'trustsem' has no attribute '{name}'")
    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    return sorted(__all__)
