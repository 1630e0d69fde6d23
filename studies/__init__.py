"""Questions: cases, comparisons of designs, reports, the command line."""

from studies.case import Case
from studies.compare import Comparison, compare_designs
from studies.error_bars import ErrorBars, with_error_bars
from studies.errors import CaseError
from studies.run import DesignResult, run_design

__all__ = [
    "Case",
    "CaseError",
    "Comparison",
    "DesignResult",
    "ErrorBars",
    "compare_designs",
    "run_design",
    "with_error_bars",
]
