"""Study files: data, models, questions and options in one place, run as a whole and reproducible."""

from trustsem.study.reading import read_study
from trustsem.study.reproducing import Reproduction, reproduce_study
from trustsem.study.result import NamedFit, StudyResult
from trustsem.study.running import run_study
from trustsem.study.spec import Design, EffectQuestion, InvarianceQuestion, ModelEntry, ScenarioQuestion, StudySpec

__all__ = [
    "Design",
    "EffectQuestion",
    "InvarianceQuestion",
    "ModelEntry",
    "NamedFit",
    "Reproduction",
    "ScenarioQuestion",
    "StudyResult",
    "StudySpec",
    "read_study",
    "reproduce_study",
    "run_study",
]
