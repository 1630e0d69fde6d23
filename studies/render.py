"""A picture of the current on the fibres, drawn off screen by pyvista from the ParaView files of a run."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.image import imsave

from geometry.regions import Surface
from meshes import worker

FIELD = "local_current_density_A_m2"
MISSING = "The 3D picture needs pyvista, which is not installed: pip install 'bilayer-anode[view]'."


class NoPicture(RuntimeError):
    """No picture could be drawn; the text says why and what to do."""


def current_picture(fields: Path | str, target: Path | str, *, width: int = 1500, height: int = 1100) -> Path:
    """Draw the plating surfaces in ``fields`` (.vtu files) coloured by local current density, as PNG.

    Colours run from the 1 % to the 99 % quantile (by area). Drawn in a process of its own, since graphics
    drivers crash and print. Raises NoPicture.
    """
    if importlib.util.find_spec("pyvista") is None:
        raise NoPicture(MISSING)
    try:
        return worker.run(_draw, Path(fields), Path(target), width, height)
    except (worker.WorkerError, RuntimeError, OSError) as error:
        raise NoPicture(f"The 3D picture could not be drawn: {error}") from error


def _draw(fields: Path, target: Path, width: int, height: int) -> Path:
    """The drawing itself; runs in the process of its own."""
    os.environ.pop("DISPLAY", None)
    if sys.platform == "linux":
        os.environ.setdefault("VTK_DEFAULT_OPENGL_WINDOW", "vtkEGLRenderWindow")
    import pyvista as pv
    from vtkmodules.vtkCommonCore import vtkObject

    vtkObject.GlobalWarningDisplayOff()
    pv.OFF_SCREEN = True
    surfaces: list[Any] = [
        pv.read(path)
        for name in (Surface.FOIL, Surface.FIBRE_SURFACE)
        if (path := fields / f"{name}.vtu").is_file()
    ]
    surfaces = [surface for surface in surfaces if FIELD in surface.cell_data]
    if not surfaces:
        raise NoPicture(f"{fields} has no surface with {FIELD}; run the design again.")
    if surfaces[0].get_cell(0).dimension == 1:
        depth = 0.5 * max(surface.length for surface in surfaces)
        surfaces = [_drawn_out(surface, depth) for surface in surfaces]
    values, areas = [], []
    for surface in surfaces:
        surface.points = surface.points * 1e6  # um
        surface.cell_data["j"] = 0.1 * surface.cell_data[FIELD]  # mA/cm2
        values.append(surface.cell_data["j"])
        areas.append(surface.compute_cell_sizes(length=False, area=True, volume=False).cell_data["Area"])
    limits = _quantiles(np.concatenate(values), np.concatenate(areas))
    plotter: Any = pv.Plotter(off_screen=True, window_size=[width, height])
    plotter.set_background("white")
    drawn = [
        plotter.add_mesh(
            surface, scalars="j", clim=limits, cmap="viridis", show_scalar_bar=False, ambient=0.3
        )
        for surface in surfaces
    ]
    box = pv.Box(_joined([surface.bounds for surface in surfaces]))
    plotter.add_mesh(box, style="wireframe", color="#999999", line_width=1.5)
    plotter.add_scalar_bar(
        title="local current\ndensity\n(mA/cm²)\n ",
        mapper=drawn[-1].mapper,
        vertical=True,
        n_labels=5,
        fmt="%.3g",
        color="black",
        title_font_size=round(height / 42),
        label_font_size=round(height / 42),
        position_x=0.84,
        position_y=0.17,
        width=0.07,
        height=0.66,
    )
    plotter.enable_anti_aliasing("ssaa")
    plotter.view_vector((1.0, -1.35, 0.62), viewup=(0, 0, 1))
    plotter.camera.zoom(0.98)
    plotter.camera.window_center = (0.14, -0.02)
    pixels = plotter.screenshot(return_img=True)
    plotter.close()
    imsave(target, _cropped(pixels))
    return target


def _drawn_out(curves: Any, depth: float) -> Any:
    """Curves of a cross-section (across, z) as strips, along which nothing changes."""
    lines = curves.extract_geometry()
    lines.points = lines.points[:, [0, 2, 1]]
    return lines.extrude((0.0, depth, 0.0), capping=False)


def _cropped(pixels: np.ndarray, margin: int = 12) -> np.ndarray:
    """The picture (rows, columns, 3) without its white border."""
    drawn: Any = (pixels < 250).any(axis=2)
    rows, columns = np.flatnonzero(drawn.any(axis=1)), np.flatnonzero(drawn.any(axis=0))
    top, left = max(rows[0] - margin, 0), max(columns[0] - margin, 0)
    return np.ascontiguousarray(pixels[top : rows[-1] + margin, left : columns[-1] + margin])


def _quantiles(values: np.ndarray, areas: np.ndarray) -> tuple[float, float]:
    """The 1 % and 99 % quantiles by area; a little apart even for a uniform surface."""
    order = np.argsort(values)
    share = np.cumsum(areas[order]) / areas.sum()
    low, high = (float(values[order][min(np.searchsorted(share, q), values.size - 1)]) for q in (0.01, 0.99))
    spread = max(high - low, 1e-3 * abs(high), 1e-12)
    return (low, low + spread)


def _joined(bounds: list) -> tuple[float, ...]:
    """The box around several boxes (xmin, xmax, ymin, ...)."""
    array = np.array([tuple(b) for b in bounds])
    low, high = array[:, ::2].min(axis=0), array[:, 1::2].max(axis=0)
    return tuple(float(x) for pair in zip(low, high, strict=True) for x in pair)
