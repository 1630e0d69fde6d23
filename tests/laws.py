"""Every kinetic law, bare and behind films: a new law is one line in BARE."""

from __future__ import annotations

import numpy as np
import pytest

from fem.kinetics import (
    ButlerVolmer,
    Film,
    Kinetics,
    LinearKinetics,
    MarcusHushChidsey,
    Tafel,
    ZengMarcus,
)
from fem.materials import (
    thermal_voltage,
)

T = 298.15
V_T = thermal_voltage(T)

BARE: dict[str, Kinetics] = {
    "butler-volmer": ButlerVolmer(exchange_current=100.0),
    "butler-volmer asymmetric": ButlerVolmer(
        exchange_current=10.0, transfer_coefficients=(0.3, 0.7), concentration_exponent=0.7
    ),
    "linear": LinearKinetics(exchange_current=100.0),
    "linear constant": LinearKinetics.of_conductance(400.0, T),
    "tafel": Tafel(exchange_current=10.0),
    "marcus-hush-chidsey": MarcusHushChidsey(exchange_current=100.0),
    "marcus-hush-chidsey 1 eV": MarcusHushChidsey(exchange_current=10.0, reorganisation_energy=1.0),
    "marcus-zeng": ZengMarcus(exchange_current=100.0),
}
FILMED: dict[str, Kinetics] = {
    f"{resistance:g} ohm m2 on {name}": Film(resistance, law)
    for name, law in BARE.items()
    for resistance in (1e-4, 1e-2)
}
EVERY = BARE | FILMED
WITH_EQUILIBRIUM = {name: law for name, law in EVERY.items() if "tafel" not in name}


def each(laws: dict):
    return pytest.mark.parametrize("law", laws.values(), ids=laws.keys())


ETA = np.concatenate([np.linspace(-0.4, 0.4, 41), [1e-6, -1e-6, 3.3e-3]])
