"""Every name of a region or a surface, used alike by CAD, meshes, models and results.

z points from the anode plane to the counter electrode.
"""

from enum import StrEnum


class Region(StrEnum):
    """Volumes of a cell, bottom to top."""

    FIBRES = "fibres"  # the solid framework, all bonded fibres in one
    PORES = "pores"  # free liquid between the fibres
    IONIC_LAYER = "ionic_layer"  # ion-conducting layer above the framework
    SEPARATOR = "separator"


class Surface(StrEnum):
    """Tagged surfaces of a cell; the direction of the normal stands beside each name."""

    FOIL = "foil"  # anode plane seen by an electrolyte; normal out of the electrolyte, -z if flat
    FEET = "feet"  # fibre cross-sections in the anode plane, electrons only; normal -z, out of the fibres
    FIBRE_SURFACE = "fibre_surface"  # fibres | any electrolyte; normal from the fibres into the electrolyte
    COUNTER = "counter"  # top of the separator; normal +z, out of the separator
    SIDES = "sides"  # side walls (symmetry) incl. fibre ends on them; normal outwards
    IONIC_LAYER_BOTTOM = "ionic_layer_bottom"  # pores | ionic layer, only above a framework; normal +z
    SEPARATOR_BOTTOM = "separator_bottom"  # separator | electrolyte under it, if there is one; normal +z


ELECTROLYTES = (Region.PORES, Region.IONIC_LAYER, Region.SEPARATOR)
"""The regions that hold an electrolyte."""
