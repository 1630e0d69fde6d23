"""What a comparison says, in sentences: what the bilayer changes and what it does not.

The words keep to current density, overpotential, depletion and filling; nothing is claimed beyond the model.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from geometry.designs import Design, Gap
from studies.case import Case
from studies.run import DesignResult

RISK_LINE = 0.75  # of the limiting current; Monroe and Newman 2003, 10.1149/1.1606686, planar polymer cells
EQUAL = 0.05  # relative difference below which two numbers are called much the same

Results = Mapping[Design, DesignResult]


def headlines(case: Case, results: Results) -> list[str]:
    """The sentences at the head of a report; those whose designs are missing are left out."""
    main = results.get(Design.BILAYER)
    if main is None or len(results) < 2:
        return []
    sentences = (_voltage, _current, _depth, _layer, _mat, _counter, _limit)
    return [text for sentence in sentences for text in sentence(main, results)] + [_gap(case)]


def _mv(result: DesignResult, key: str = "cell_voltage_V") -> float:
    return 1e3 * result.metrics[key]


def _ma(result: DesignResult, key: str) -> float:
    return 0.1 * result.metrics[key]


def _change(new: float, old: float) -> str:
    change = 100.0 * (new / old - 1.0)
    return "no change" if abs(change) < 0.05 else f"{change:+.1f} %".replace("-", "−")


def _voltage(main: DesignResult, results: Results) -> Iterator[str]:
    names = {Design.PLANAR: "a flat planar anode", Design.PLANAR_ROUGH: "a rough planar anode"}
    others = [
        f"{_mv(results[design]):.1f} mV with {name} ({_change(_mv(main), _mv(results[design]))})"
        for design, name in names.items()
        if design in results
    ]
    if others:
        yield (
            f"At {_ma(main, 'current_density_A_m2'):.4g} mA/cm² the cell voltage is {_mv(main):.1f} mV with "
            f"the bilayer, against {' and '.join(others)}."
        )


def _current(main: DesignResult, results: Results) -> Iterator[str]:
    flat = results.get(Design.PLANAR)
    if flat is None:
        return
    ratio = main.metrics["anode_area_m2"] / flat.metrics["anode_area_m2"]
    yield (
        f"The bilayer offers {ratio:.1f} times the plating surface of the flat foil; its local current "
        f"density is {_ma(main, 'anode_mean_A_m2'):.3g} mA/cm² on average and "
        f"{_ma(main, 'anode_p99_A_m2'):.3g} mA/cm² at the 99 % quantile, against "
        f"{_ma(flat, 'anode_p99_A_m2'):.3g} mA/cm² on the flat foil."
    )


def _depth(main: DesignResult, results: Results) -> Iterator[str]:
    if "share_fibres" not in main.metrics:
        return
    ratio = main.metrics.get("top_bottom_density_ratio", math.nan)  # a mat may have no fibre at its very top
    if ratio > 1.5:
        verdict = "lithium grows faster towards the separator, so the mat fills from its top"
    elif ratio < 0.67:
        verdict = "lithium grows faster near the foil, so the mat fills from its bottom"
    else:
        verdict = "the mat works rather evenly"
    if math.isfinite(ratio):
        yield (
            f"In depth, {verdict}: the current density on the fibres of the mat's top tenth is {ratio:.3g} "
            "times that of its bottom tenth."
        )
    yield (
        f"{100 * main.metrics['share_fibres']:.0f} % of the current flows on fibres, "
        f"{100 * main.metrics['share_foil']:.0f} % on the foil under them."
    )


def _layer(main: DesignResult, results: Results) -> Iterator[str]:
    bare = results.get(Design.FRAMEWORK)
    if bare is None:
        return
    more = _mv(main) - _mv(bare)
    new, old = _ma(main, "anode_p99_A_m2"), _ma(bare, "anode_p99_A_m2")
    yield (
        f"The ionic layer itself {'costs' if more > 0 else 'saves'} {abs(more):.1f} mV against the framework "
        f"alone, and takes the 99 % quantile of the current density from {old:.3g} to {new:.3g} mA/cm² "
        f"({_change(new, old)})."
    )
    if abs(new / old - 1.0) < EQUAL:
        yield (
            "So the lower current density comes from the surface of the framework; the layer hardly "
            "changes it."
        )


def _mat(main: DesignResult, results: Results) -> Iterator[str]:
    dead = results.get(Design.INSULATING_MAT)
    if dead is None:
        return
    more = _mv(dead) - _mv(main)
    yield (
        f"The same mat with fibres that conduct no electrons needs {_mv(dead):.1f} mV, {abs(more):.1f} mV "
        f"{'more' if more > 0 else 'less'} than the bilayer: that difference is due to the plating surface "
        "that electronic conduction opens; the shape of both cells is the same."
    )


def _counter(main: DesignResult, results: Results) -> Iterator[str]:
    taken = [_mv(r, "kinetic_counter_V") + _mv(r, "film_counter_V") for r in results.values()]
    share = 100 * (_mv(main, "kinetic_counter_V") + _mv(main, "film_counter_V")) / _mv(main)
    least, most = min(taken), max(taken)
    same = most - least < EQUAL * most
    amount = f"about {0.5 * (least + most):.0f}" if same else f"{least:.1f} to {most:.1f}"
    yield (
        f"The counter electrode takes {amount} mV in "
        f"every design, {share:.0f} % of the bilayer's voltage"
        f"{', which the anode does not change' if same else ''}."
    )


def _limit(main: DesignResult, results: Results) -> Iterator[str]:
    ratio = main.metrics["limit_ratio"]
    yield (
        f"With all its current at the foil, the bilayer would run at {ratio:.2f} of its limiting current, "
        f"{'above' if ratio > RISK_LINE else 'below'} the {RISK_LINE} in use as a risk line for depletion (a "
        f"rule from planar polymer cells); its lowest salt concentration is "
        f"{main.metrics['c_min_ratio']:.2f} of the mean."
    )


def _gap(case: Case) -> str:
    if case.cell.gap is Gap.SAME_LAYERS:
        return (
            "All designs share area, separator and counter, and every layer keeps its thickness, so cells "
            'with a mat are taller than planar ones; the other convention (gap = "same-distance") may rank '
            "them differently."
        )
    return (
        "All designs share area, counter and the distance from foil to counter, and a design's separator "
        'fills what it lacks; the other convention (gap = "same-layers") may rank them differently.'
    )
