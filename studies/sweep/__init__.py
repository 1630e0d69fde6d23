"""Parametric studies: what is varied, the store of finished points, the runner, statistics, figures, report."""
