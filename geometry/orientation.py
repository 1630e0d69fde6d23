"""Distribution of in-plane fibre directions."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geometry.errors import MatError


@dataclass(frozen=True, kw_only=True)
class Orientation:
    """In-plane direction of the fibres: von Mises about an axis; concentration 0 is isotropic.

    density of the angle a (axial): exp(concentration cos 2(a - axis)) / (pi I0(concentration)).
    """

    concentration: float = 0.0  # [-]
    axis: float = 0.0  # angle to x [rad]

    def __post_init__(self) -> None:
        if not 0.0 <= self.concentration <= 20.0:
            raise MatError(
                f"concentration of the orientation must lie between 0 (isotropic) and 20, "
                f"got {self.concentration:g}; parallel fibres are kind 'parallel'."
            )

    def angles(self, rng: np.random.Generator, n: int) -> NDArray[np.float64]:
        """In-plane angles to x [rad], (n,)."""
        if self.concentration == 0.0:
            return rng.uniform(0.0, np.pi, n)
        return self.axis + rng.vonmises(0.0, self.concentration, n) / 2
