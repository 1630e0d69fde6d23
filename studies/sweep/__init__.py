"""Parametric studies: what is varied, the store of points, the runner, statistics, figures, report."""
