"""Questions: cases, comparisons of designs, reports, the command line."""

from studies.case import Case
from studies.compare import Comparison, compare_designs
from studies.error_bars import ErrorBars, with_error_bars
from studies.errors import CaseError
from studies.run import DesignResult, run_design
from studies.sweep.executors import Cluster, Processes, Serial
from studies.sweep.plan import Sweep
from studies.sweep.results import read_study
from studies.sweep.runner import run_sweep
from studies.sweep.study import Study

__all__ = [
    "Case",
    "CaseError",
    "Cluster",
    "Comparison",
    "DesignResult",
    "ErrorBars",
    "Processes",
    "Serial",
    "Study",
    "Sweep",
    "compare_designs",
    "read_study",
    "run_design",
    "run_sweep",
    "with_error_bars",
]
