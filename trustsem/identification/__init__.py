"""Can the data tell the parameters apart? Counting and the rank of the model's Jacobian, with names."""

from trustsem.identification.counting import count_moments, degrees_of_freedom
from trustsem.identification.doctor import Diagnosis, diagnose_identification
from trustsem.identification.rank import IdentificationReport, UnidentifiedSet, check_identification

__all__ = [
    "Diagnosis",
    "IdentificationReport",
    "UnidentifiedSet",
    "check_identification",
    "count_moments",
    "degrees_of_freedom",
    "diagnose_identification",
]
