"""Another finite-element program on the same mesh: NGSolve, set up as its documentation and users do it.

Everything in this folder needs the extra `peers`; nothing outside imports it at module level.
"""
