"""Tests of the model against the saturated one, by lavaan's names: one function each, one line in the table."""

from collections.abc import Callable, Mapping

from trustsem.inference.chisquares.base import ModelTest, TestContext, TestKind
from trustsem.inference.chisquares.browne import browne_residual_adf, browne_residual_nt, browne_residual_nt_model
from trustsem.inference.chisquares.satorra_bentler import mean_var_adjusted, satorra_bentler, scaled_shifted
from trustsem.inference.chisquares.standard import standard
from trustsem.inference.chisquares.yuan_bentler import yuan_bentler, yuan_bentler_mplus

MODEL_TESTS: Mapping[TestKind, Callable[[TestContext], ModelTest]] = {
    TestKind.STANDARD: standard,
    TestKind.SATORRA_BENTLER: satorra_bentler,
    TestKind.MEAN_VAR_ADJUSTED: mean_var_adjusted,
    TestKind.SCALED_SHIFTED: scaled_shifted,
    TestKind.YUAN_BENTLER: yuan_bentler,
    TestKind.YUAN_BENTLER_MPLUS: yuan_bentler_mplus,
    TestKind.BROWNE_RESIDUAL_ADF: browne_residual_adf,
    TestKind.BROWNE_RESIDUAL_NT: browne_residual_nt,
    TestKind.BROWNE_RESIDUAL_NT_MODEL: browne_residual_nt_model,
}


def model_test(kind: TestKind, context: TestContext) -> ModelTest:
    """Compute one test."""
    return MODEL_TESTS[kind](context)


__all__ = ["MODEL_TESTS", "ModelTest", "TestContext", "TestKind", "model_test"]
