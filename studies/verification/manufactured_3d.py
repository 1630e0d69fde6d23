"""Manufactured solution of the full problem in three dimensions, order 1 and curved order 2.

As in `manufactured.py`: smooth phi_s, phi_e and c are prescribed on a wedge of a tube of conductor in a tube
of liquid, drawn out along y and cut into tetrahedra; the fields vary in all three directions. Nested meshes
with every node on its exact cylinder; for order 2 the edges on the cylinders are bent. L2 errors of order p +
1, current functional int_Gamma i_n psi of order 2 p, between every two of four meshes.

Source: P. J. Roache, J. Fluids Eng. 124 (2002) 4, 10.1115/1.1436090 (method).

Catches: what the plane does not show: gradients, edge nodes and facet rules of tetrahedra, curved facets
whose element of area is wrong, tags that are lost between refinement and bending.
"""

from __future__ import annotations

from collections.abc import Sequence

from fem.solve import Order
from studies.verification.evidence import Evidence
from studies.verification.manufactured import rate_tables
from studies.verification.manufactured_loads import Prescribed, Wave, errors
from studies.verification.manufactured_wedge import Wedge

WEDGE = Wedge()
EXACT = Prescribed(
    phi_s=Wave(0.004, ((0.003, (0.9e6, 1.3e6, 0.4e6), 0.3), (0.002, (-0.5e6, 0.9e6, 0.8e6), 1.1))),
    phi_e=Wave(0.02, ((0.012, (0.6e6, -1.1e6, -0.3e6), 0.2), (0.008, (0.2e6, 0.8e6, 0.7e6), 0.9))),
    c=Wave(1000.0, ((160.0, (0.5e6, 1.2e6, 0.4e6), 0.5), (90.0, (-0.3e6, 1.0e6, 0.6e6), 2.0))),
)


def verify() -> Sequence[Evidence]:
    """Order 2 on two meshes that take seconds; four of them in the slow part."""
    return rate_tables("order 2", wedge_errors, 2, start=2, levels=2, least=2.8, functional=3.5, largest=1e-3)


def verify_slow() -> Sequence[Evidence]:
    """Rates of all fields and of the current functional, four meshes each, up to 1.3 million tetrahedra."""
    return [
        *rate_tables("order 1", wedge_errors, 1, start=6, least=1.9, functional=1.9, largest=1e-3),
        *rate_tables("order 2", wedge_errors, 2, start=2, least=2.8, functional=3.5, largest=1e-4),
    ]


def wedge_errors(n: int, order: Order) -> dict[str, float]:
    """Errors on the wedge of tetrahedra."""
    mesh = WEDGE.mesh(n, order, 3)
    return errors(mesh, WEDGE.model(), EXACT, order, on="pores_bottom", surface=WEDGE.interface(3))
