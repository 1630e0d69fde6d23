"""Which metrics a polarisation draws over current, and how people read them."""

from __future__ import annotations

from dataclasses import dataclass

from studies.headlines import RISK_LINE


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A metric over current: axis label with unit, factor from SI."""

    name: str
    title: str
    caption: str
    key: str
    label: str
    factor: float = 1.0
    over: str | None = None  # a metric to divide by
    of_mats: bool = False  # conducting ones alone have it
    logarithmic: bool = False  # if its values span more than a factor of 20
    risk: bool = False  # whether the risk line is marked


RISK = (
    f"Rings and thin lines: {RISK_LINE} of the limiting current with all reaction at the anode plane, a risk "
    "line for depletion (Monroe and Newman 2003)."
)
VOLTAGES = (
    Metric(
        name="cell_voltage",
        title="Cell voltage",
        caption=RISK,
        key="cell_voltage_V",
        risk=True,
        label="cell voltage (mV)",
        factor=1e3,
    ),
    Metric(
        name="anode_overpotential",
        title="Anode overpotential",
        caption="Electrolyte potential under the separator against the foil; counter electrode and separator "
        f"play no part in it. {RISK}",
        key="anode_overpotential_V",
        risk=True,
        label="anode overpotential (mV)",
        factor=1e3,
    ),
)
METRICS = (
    Metric(
        name="lowest_concentration",
        title="Lowest salt concentration",
        caption="Over the mean of its body of liquid; no salt is left where a curve meets zero. " + RISK,
        key="c_min_ratio",
        risk=True,
        label="lowest c / mean c (–)",
    ),
    Metric(
        name="spread",
        title="Spread of the local current density",
        caption="Standard deviation over mean on the plating surface, by true area; 0 is uniform.",
        key="anode_cv",
        label="std / mean of local current (–)",
    ),
    Metric(
        name="peak",
        title="Highest local current densities",
        caption="99 % quantile over mean on the plating surface, by true area; 1 is uniform.",
        key="anode_p99_A_m2",
        over="anode_mean_A_m2",
        label="99 % quantile / mean of local current (–)",
    ),
    Metric(
        name="top_bottom",
        title="Top of the mat against its bottom",
        caption="Current density on fibres in the top tenth of the mat over that in its bottom tenth.",
        key="top_bottom_density_ratio",
        logarithmic=True,
        label="top tenth / bottom tenth (–)",
        of_mats=True,
    ),
    Metric(
        name="share_fibres",
        title="Current on fibres",
        caption="The rest plates on the foil under them.",
        key="share_fibres",
        of_mats=True,
        label="current on fibres (% of the total)",
        factor=1e2,
    ),
    Metric(
        name="half_height",
        title="Height above which half of the current plates",
        caption="Fibres and foil together.",
        key="z50_m",
        of_mats=True,
        label="half of the current above (µm)",
        factor=1e6,
    ),
)
