"""Proofs that the program solves its equations, one file per subject.

A subject's docstring states title, equation, source and what it catches; its function ``verify`` returns the
evidence, ``verify_slow`` what takes longer. A file with a ``verify`` in this folder is found by itself.
"""
