"""Questions: cases, comparisons of designs, reports, the command line."""

from studies.case import Case
from studies.compare import Comparison, compare_designs
from studies.errors import CaseError
from studies.run import DesignResult, run_design

__all__ = ["Case", "CaseError", "Comparison", "DesignResult", "compare_designs", "run_design"]
