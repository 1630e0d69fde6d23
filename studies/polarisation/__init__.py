"""Polarisation: voltage and metrics of designs against current density, up to the limiting current."""

from studies.polarisation.curve import Bracket, Curve, End, Point
from studies.polarisation.study import Polarisation, Stopped, polarise

__all__ = ["Bracket", "Curve", "End", "Point", "Polarisation", "Stopped", "polarise"]
