"""How people read the name of a design, on screen, in tables and in figures."""

from __future__ import annotations

from geometry.designs import Design

LABELS = {
    Design.PLANAR: "planar",
    Design.PLANAR_ROUGH: "planar, rough",
    Design.PLANAR_IONIC: "planar + ionic layer",
    Design.FRAMEWORK: "framework",
    Design.BILAYER: "bilayer",
    Design.INSULATING_MAT: "insulating mat",
}
