"""The table that people read, on screen and in reports: rows of metrics, one column per design."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One metric as people read it: label with unit, result key, factor from SI, format."""

    label: str
    key: str
    factor: float = 1.0
    form: str = ".3g"

    def cell(self, metrics: Mapping[str, float]) -> str:
        """The value as text; a dash where the design has no such number."""
        value = metrics.get(self.key, math.nan)
        return format(self.factor * value, self.form) if math.isfinite(value) else "–"

    def cell_with_bar(self, value: float, uncertainty: float) -> str:
        """Value ± uncertainty, both to two digits of the uncertainty."""
        value, bar = self.factor * value, self.factor * uncertainty
        if bar == 0.0:
            return f"{format(value, self.form)} ± 0"
        digits = max(1 - math.floor(math.log10(bar)), 0)
        if digits > 6:  # an exact number, but for rounding
            return f"{format(value, self.form)} ± {bar:.0e}"
        return f"{value:.{digits}f} ± {bar:.{digits}f}"


ROWS = (
    Row("cell voltage (mV)", "cell_voltage_V", 1e3, ".1f"),
    Row("anode overpotential (mV)", "anode_overpotential_V", 1e3, ".1f"),
    Row("cell resistance (Ω cm²)", "cell_resistance_ohm_m2", 1e4, ".2f"),
    Row("current on fibres (%)", "share_fibres", 1e2, ".1f"),
    Row("mean local j¹ (mA/cm²)", "anode_mean_A_m2", 0.1),
    Row("99 % quantile of j¹ (mA/cm²)", "anode_p99_A_m2", 0.1),
    Row("spread of j¹, std/mean", "anode_cv", 1.0, ".3f"),
    Row("reversed current (% of area)", "anode_reversed_share", 1e2, ".1f"),
    Row("top/bottom tenth of the mat", "top_bottom_ratio"),
    Row("half of current above (µm)", "z50_m", 1e6),
    Row("lowest c / mean c", "c_min_ratio", 1.0, ".3f"),
    Row("current / limiting current²", "limit_ratio", 1.0, ".3f"),
    Row("steady penetration³ (µm)", "penetration_depth_m", 1e6),
)
NOTES = (
    "¹ local current density on the true surface where lithium plates (fibres and foil)",
    "² with the whole reaction at the foil: exact for flat designs, a bound for mats",
    "³ depth to which a steady current would reach into an endless mat",
)
MESH_ROWS = (
    Row("elements", "n_elements", 1.0, ",.0f"),
    Row("nodes", "n_nodes", 1.0, ",.0f"),
    Row("worst mean ratio (1: regular element)", "worst_mean_ratio"),
    Row("1 % quantile of the mean ratio", "mean_ratio_p01"),
    Row("collapsed edges", "collapsed_edges", 1.0, ".0f"),
    Row("porosity, geometry", "porosity_cad", 1.0, ".4f"),
    Row("porosity, mesh", "porosity_mesh", 1.0, ".4f"),
    Row("fibre volume that touches the anode plane (%)", "percolating_share", 1e2, ".2f"),
    Row("fibre clusters", "n_clusters", 1.0, ".0f"),
    Row("floating clusters", "n_floating", 1.0, ".0f"),
    Row("isolated pore pockets", "n_pockets", 1.0, ".0f"),
    Row("error of the fibre area (%)", "fibre_area_error", 1e2, ".2g"),
    Row("error of the fibre volume (%)", "fibre_volume_error", 1e2, ".2g"),
    Row("all radii times", "radius_factor", 1.0, ".5g"),
    Row("edges of curved elements nearer to their chord", "relaxed_edges", 1.0, ".0f"),
    Row("least det of a curved element / straight", "least_det_ratio"),
)
SOLVER_ROWS = (
    Row("unknowns", "unknowns", 1.0, ",.0f"),
    Row("Newton steps", "newton_steps", 1.0, ".0f"),
    Row("Krylov iterations", "krylov_iterations", 1.0, ".0f"),
)
