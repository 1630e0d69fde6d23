"""Physics on any tagged mesh: materials, laws, the model, the steady solver and what it returns."""

from fem.conditions import Blocking, Contact, Electrode, FixedPotential, Grounded, ModelError
from fem.convergence import ConvergenceError, Extrapolation, RateTable, convergence, richardson
from fem.currents import CurrentMap
from fem.electrolyte import (
    ELECTROLYTE_LAWS,
    Capiglia,
    ConstantProperties,
    Ecker,
    ElectrolyteLaw,
    Ether,
    IdealDilute,
    LandesfeindGasteiger,
    Nyman,
    Properties,
    Solvent,
    ValoenReimers,
)
from fem.equilibrium import SaltEquilibrium
from fem.film import Film
from fem.flat_cell import FlatLayer, FlatState, flat_state, limiting_current
from fem.kinetics import KINETIC_LAWS, ButlerVolmer, LinearKinetics, MarcusHushChidsey, Tafel, ZengMarcus
from fem.linear import Direct, LinearSolver, MultigridKrylov
from fem.materials import Conductor, Electrolyte, Insulator, SingleIonConductor
from fem.metrics import DepthProfile, Uniformity, uniformity
from fem.model import Galvanostatic, Model, Potentiostatic
from fem.newton import Outcome, SolveFailed
from fem.overpotentials import VoltageSplit
from fem.reaction import Kinetics, Reaction
from fem.solution import Solution, SolverStatistics, current_map
from fem.solve import SteadyCell, solve_steady
from fem.trust import Check

__all__ = [
    "ELECTROLYTE_LAWS",
    "KINETIC_LAWS",
    "Blocking",
    "ButlerVolmer",
    "Capiglia",
    "Check",
    "Conductor",
    "ConstantProperties",
    "Contact",
    "ConvergenceError",
    "CurrentMap",
    "DepthProfile",
    "Direct",
    "Ecker",
    "Electrode",
    "Electrolyte",
    "ElectrolyteLaw",
    "Ether",
    "Extrapolation",
    "Film",
    "FixedPotential",
    "FlatLayer",
    "FlatState",
    "Galvanostatic",
    "Grounded",
    "IdealDilute",
    "Insulator",
    "Kinetics",
    "LandesfeindGasteiger",
    "LinearKinetics",
    "LinearSolver",
    "MarcusHushChidsey",
    "Model",
    "ModelError",
    "MultigridKrylov",
    "Nyman",
    "Outcome",
    "Potentiostatic",
    "Properties",
    "RateTable",
    "Reaction",
    "SaltEquilibrium",
    "SingleIonConductor",
    "Solution",
    "SolveFailed",
    "Solvent",
    "SolverStatistics",
    "SteadyCell",
    "Tafel",
    "Uniformity",
    "ValoenReimers",
    "VoltageSplit",
    "ZengMarcus",
    "convergence",
    "current_map",
    "flat_state",
    "limiting_current",
    "richardson",
    "solve_steady",
    "uniformity",
]
