"""The coupled problem as NGSolve's users write it: three fields, symbolic forms, automatic linearisation.

Unknowns  u = phi_s F/(R T)  on conductors,  w = phi_e F/(R T)  and  c/c0  on electrolytes; lengths in µm,
currents over the applied current density I, V_T = R T/F. In these units
    div(k_s grad u) = 0,   k_s = sigma V_T/(I µm)
    div j = 0,             j = -k (grad w - 2 (1 - t+) TDF grad c / c),   k = kappa V_T/(N_M I µm)
    div(d grad c) = 0,     d = F D c0/(N_M I µm)
with i_n/I between conductor and electrolyte and (1 - t+) i_n/I into the salt: the balance of cations, which
for constant t+ is that of anions plus 1 - t+ times that of charge. Butler-Volmer kinetics at eta over V_T.
L. O. Valøen, J. N. Reimers, J. Electrochem. Soc. 152 (2005) A882, doi:10.1149/1.1872737.
"""

from __future__ import annotations

import importlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from fem.conditions import Grounded
from fem.electrolyte_laws import ValoenReimers
from fem.kinetics import ButlerVolmer
from fem.materials import FARADAY, Conductor, Electrolyte, thermal_voltage
from fem.model import Galvanostatic, Model
from studies.bench.peers.bordered import Borders, scalars_of
from studies.bench.peers.netgen_mesh import MICRO, REACTING

ng: Any = importlib.import_module("ngsolve")

ANION_SHARE = 1 - 0.38  # 1 - t+ of the law


class PeerUnfit(ValueError):
    """The model holds something that this formulation does not know; the text names it."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ThreeFields:
    """Spaces and forms of a model under galvanostatic control on a Netgen mesh (µm).

    voltage: an ngsolve Parameter, the counter's potential over V_T.
    """

    mesh: Any
    model: Model
    control: Galvanostatic
    voltage: Any

    @classmethod
    def of(cls, mesh: Any, model: Model, control: Galvanostatic) -> ThreeFields:
        """Raises PeerUnfit for laws or conditions that the formulation does not know."""
        _check(model)
        return cls(mesh=mesh, model=model, control=control, voltage=ng.Parameter(0.0))

    @cached_property
    def spaces(self) -> tuple[Any, Any, Any]:
        """Linear elements for u, w and c, each on its regions only."""
        at = self.mesh.Materials
        grounded = [n for n, b in self.model.boundaries.items() if isinstance(b, Grounded)]
        solid = ng.H1(self.mesh, order=1, definedon=at(self.conductors), dirichlet="|".join(grounded))
        liquid = ng.H1(self.mesh, order=1, definedon=at(self.electrolytes))
        return ng.Compress(solid), ng.Compress(liquid), ng.Compress(liquid)

    @cached_property
    def space(self) -> Any:
        """The product of the three spaces."""
        return ng.ProductSpace(*self.spaces)

    @property
    def conductors(self) -> str:
        """Names of the conductors as NGSolve takes them."""
        return "|".join(self.model.regions_of(Conductor))

    @property
    def electrolytes(self) -> str:
        """Names of the electrolytes as NGSolve takes them."""
        return "|".join(self.model.regions_of(Electrolyte))

    @cached_property
    def thermal_voltage(self) -> float:
        """V_T [V]."""
        return thermal_voltage(self.model.temperature)

    @cached_property
    def concentration(self) -> float:
        """c0 [mol/m3]."""
        return _liquids(self.model)[0].concentration

    @cached_property
    def projected_area(self) -> float:
        """That of the control, or the counter's [µm2]."""
        given = self.control.area
        return self.area(self.counter[0]) if given is None else given / MICRO**2

    def area(self, name: str) -> float:
        """Area [µm2] of a surface."""
        return self.on_surface(name, ng.CF(1.0))

    def on_surface(self, name: str, integrand: Any) -> float:
        """Integral over a surface."""
        return float(ng.Integrate(integrand, self.mesh, ng.BND, definedon=self.mesh.Boundaries(name)))

    @property
    def counter(self) -> tuple[str, ButlerVolmer]:
        """Name and kinetics of the counter electrode."""
        ((name, electrode),) = self.model.terminals("counter").items()
        assert isinstance(electrode.kinetics, ButlerVolmer)
        return name, electrode.kinetics

    @cached_property
    def kinetics(self) -> dict[str, ButlerVolmer]:
        """The law of every reacting surface."""
        electrodes = self.model.terminals("anode") | self.model.terminals("counter")
        laws = {name: electrode.kinetics for name, electrode in electrodes.items()}
        known = {name: law for name, law in laws.items() if isinstance(law, ButlerVolmer)}
        for law in self.model.interfaces.values():
            if isinstance(law, ButlerVolmer):
                known[REACTING] = law
        return known

    def by_region(self, attribute: str) -> Any:
        """A number of the electrolytes, as a coefficient."""
        regions = self.model.regions_of(Electrolyte)
        return self.mesh.MaterialCF(
            {n: getattr(self.model.regions[n], attribute) for n in regions}, default=1
        )

    def liquid(self, c: Any) -> tuple[Any, Any, Any]:
        """kappa V_T/(I µm), F D c0/(I µm) and TDF at c/c0, a number or a coefficient."""
        exp, sqrt = (np.exp, np.sqrt) if isinstance(c, float) else (ng.exp, ng.sqrt)
        m, t = c * (self.concentration / 1000), self.model.temperature
        root = (
            (-10.5 + 0.0740 * t - 6.96e-5 * t**2)
            + m * (0.668 - 0.0178 * t + 2.80e-5 * t**2)
            + m * m * (0.494 - 8.86e-4 * t)
        )
        kappa = 0.1 * m * root * root
        diffusivity = 1e-4 * exp(np.log(10) * (-4.43 - 54 / (t - 229 - 5 * m) - 0.22 * m))
        tdf = (0.601 - 0.24 * sqrt(m) + 0.982 * (1 - 0.0052 * (t - 294)) * m * sqrt(m)) / ANION_SHARE
        unit = 1 / (self.control.current_density * MICRO)
        return self.thermal_voltage * unit * kappa, FARADAY * self.concentration * unit * diffusivity, tdf

    def electronic(self, u: Any, test: Any) -> Any:
        """k_s grad u . grad test on the conductors."""
        sigma = {n: m.conductivity for n, m in self.model.regions.items() if isinstance(m, Conductor)}
        unit = self.thermal_voltage / (self.control.current_density * MICRO)
        coefficient = unit * self.mesh.MaterialCF(sigma, default=1)
        return coefficient * ng.grad(u) * ng.grad(test) * ng.dx(self.conductors)

    def rate(self, name: str, eta: Any, c: Any) -> tuple[Any, Any]:
        """i_n/I of a surface and its slope in eta, at eta over V_T and c/c0."""
        law, exp = self.kinetics[name], ng.exp
        anodic, cathodic = law.transfer_coefficients
        relative = c * (self.concentration / law.reference_concentration)
        i0 = law.exchange_current / self.control.current_density * relative**law.concentration_exponent
        forward, backward = exp(anodic * eta), exp(-cathodic * eta)
        return i0 * (forward - backward), i0 * (anodic * forward + cathodic * backward)

    def overpotential(self, name: str, u: Any, w: Any) -> Any:
        """eta over V_T on a surface: against the conductor, the counter's potential or the anode plane."""
        if name == REACTING:
            return u - w
        return self.voltage - w if name == self.counter[0] else -w

    @cached_property
    def form(self) -> Any:
        """The nonlinear form of the balances of charge in both media and of salt."""
        (u, w, c), (of_u, of_w, of_c) = self.space.TnT()
        k, d, tdf = self.liquid(c)
        driving = ng.grad(w) - 2 * ANION_SHARE * tdf / c * ng.grad(c)
        open_share, electrolytes = 1 / self.by_region("macmullin"), ng.dx(self.electrolytes)
        form = ng.BilinearForm(self.space, check_unused=False)
        form += self.electronic(u, of_u)
        form += _machine_code(open_share * k * driving * ng.grad(of_w)) * electrolytes
        form += _machine_code(open_share * d * ng.grad(c) * ng.grad(of_c)) * electrolytes
        for name in self.kinetics:
            i, _ = self.rate(name, self.overpotential(name, u, w), c)
            gain = -of_w - ANION_SHARE * of_c
            form += (i * (of_u + gain if name == REACTING else gain)).Compile() * ng.ds(name)
        return form

    @property
    def unknowns(self) -> int:
        """Free unknowns of the fields, and the two scalars."""
        return int(sum(self.space.FreeDofs())) + 2

    def mean_slopes(self) -> dict[str, float]:
        """d(i_n/I)/d(eta/V_T) of every surface at the mean current of the anode or the counter.

        The secant of symmetric kinetics, i/(2 asinh(i/(2 i0))) at c0.
        """
        areas = {name: self.area(name) for name in self.kinetics}
        anode = sum(area for name, area in areas.items() if name != self.counter[0])
        slopes = {}
        for name, law in self.kinetics.items():
            i0 = law.exchange_current / self.control.current_density
            i = self.projected_area / (areas[name] if name == self.counter[0] else anode)
            slopes[name] = i / (2 * np.arcsinh(i / (2 * i0)))
        return slopes

    def inventory(self) -> Any:
        """Row of the salt inventory, int eps c, as a vector."""
        _, (_, _, of_c) = self.space.TnT()
        return ng.LinearForm(self.by_region("porosity") * of_c * ng.dx(self.electrolytes)).Assemble().vec

    def counter_current(self, field: Any) -> float:
        """int i_n/I over the counter [µm2]."""
        return self.on_surface(self.counter[0], self._at_counter(field)[0])

    def borders(self, field: Any, inventory: Any) -> Borders:
        """What the multiplier of the inventory and the counter's potential add to the matrix."""
        _, (_, of_w, of_c) = self.space.TnT()
        name, law = self.counter
        current, slope = self._at_counter(field)
        by_c = law.concentration_exponent * current / field.components[2]
        at = ng.ds(name)
        column = ng.LinearForm(-slope * (of_w + ANION_SHARE * of_c) * at).Assemble().vec
        row = ng.LinearForm((by_c * of_c - slope * of_w) * at).Assemble().vec
        corner = np.array([[0.0, 0.0], [0.0, self.on_surface(name, slope)]])
        return Borders(columns=(inventory, column), rows=(inventory, row), corner=corner)

    def advance(self, field: Any, change: Any) -> None:
        """One Newton step, cut so that salt keeps a tenth of its concentration everywhere."""
        n, c = self.space.ndof, field.components[2].vec.FV().NumPy()
        falling = change.FV().NumPy()[n - c.size : n]
        falls = falling > 0
        length = min(1.0, 0.9 * float((c[falls] / falling[falls]).min(initial=np.inf)))
        field.vec.data -= length * change[0:n]
        self.voltage.Set(self.voltage.Get() - length * scalars_of(change, n)[1])

    def metrics(self, field: Any) -> dict[str, float]:
        """The result keys that both programs can be compared by."""
        u, w, c = field.components
        fibres, _ = self.rate(REACTING, u - w, c)
        return {
            "cell_voltage_V": self.voltage.Get() * self.thermal_voltage,
            "share_fibres": -self.on_surface(REACTING, fibres) / self.projected_area,
            "c_min_ratio": float(c.vec.FV().NumPy().min()),
        }

    def _at_counter(self, field: Any) -> tuple[Any, Any]:
        name, _ = self.counter
        u, w, c = field.components
        return self.rate(name, self.overpotential(name, u, w), c)


def compiles() -> bool:
    """Whether NGSolve can turn integrands into machine code here: its script `ngscxx` and a compiler."""
    return shutil.which("ngscxx") is not None and shutil.which("c++") is not None


def _machine_code(integrand: Any) -> Any:
    return integrand.Compile(realcompile=True, wait=True) if compiles() else integrand.Compile()


def _liquids(model: Model) -> list[Electrolyte]:
    return [m for m in model.regions.values() if isinstance(m, Electrolyte)]


def _unfit(model: Model) -> Iterator[str]:
    """What the formulation does not know."""
    for name, material in model.regions.items():
        if not isinstance(material, Conductor | Electrolyte):
            yield f"region {name} ({type(material).__name__})"
        elif isinstance(material, Electrolyte) and not isinstance(material.law, ValoenReimers):
            yield f"the law of region {name}, {material.law.name}"
        elif isinstance(material, Electrolyte) and material.transference is not None:
            yield f"the own transference number of region {name}"
    if len({liquid.concentration for liquid in _liquids(model)}) > 1:
        yield "electrolytes of several concentrations"
    for name, boundary in model.boundaries.items():
        kinetics = getattr(boundary, "kinetics", None)
        if not isinstance(kinetics, ButlerVolmer) and not (
            isinstance(boundary, Grounded) and not boundary.resistance
        ):
            yield f"boundary {name}"
    passing = set(model.interfaces.values())
    if not all(isinstance(law, ButlerVolmer) for law in passing) or len(passing) > 1:
        yield "the kinetics between conductors and electrolytes"
    if len(model.terminals("counter")) != 1:
        yield "other than one counter electrode"


def _check(model: Model) -> None:
    unknown = list(_unfit(model))
    if unknown:
        raise PeerUnfit(
            f"the three-field peer does not know {', '.join(unknown)}; it takes Valøen-Reimers electrolytes, "
            "one Butler-Volmer law without film on all fibres, one counter and ideal contact to the foil"
        )
