"""Multiple imputation by chained equations, and Rubin's rules carried through any analysis of the package."""

from cohort.analysis.imputation.analysing import analysed, beside_complete_cases, imputed
from cohort.analysis.imputation.coding import Variable
from cohort.analysis.imputation.derived import Derived, pairwise_products, product, square
from cohort.analysis.imputation.diagnostics import convergence, observed_beside_imputed
from cohort.analysis.imputation.imputations import Imputations, impute, impute_within
from cohort.analysis.imputation.not_at_random import tipping_points
from cohort.analysis.imputation.pooling import Pooled, WaldTest, pool, pool_numbers, pool_vectors, pool_wald
from cohort.analysis.imputation.survival import nelson_aalen

__all__ = [
    "Derived",
    "Imputations",
    "Pooled",
    "Variable",
    "WaldTest",
    "analysed",
    "beside_complete_cases",
    "convergence",
    "impute",
    "impute_within",
    "imputed",
    "nelson_aalen",
    "observed_beside_imputed",
    "pairwise_products",
    "pool",
    "pool_numbers",
    "pool_vectors",
    "pool_wald",
    "product",
    "square",
    "tipping_points",
]
