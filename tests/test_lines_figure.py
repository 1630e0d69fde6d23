"""Lines of a study with more axes than a figure has: which part is shown and said; legends fit."""

from studies_made_up import EXCHANGE, LAYER, POROSITY, factorial
from study_shapes import cell

from studies.sweep.figures.choose import sections
from studies.sweep.figures.panels import HANDLE, LETTER, _columns


def test_of_further_axes_the_middle_value_is_shown():
    values = {EXCHANGE: (10.0, 30.0, 100.0), POROSITY: (0.7, 0.75, 0.8, 0.9), LAYER: (2e-6, 5e-6, 1e-5)}
    section = next(s for s in sections(factorial(values, cell)) if s.title == "Lines")
    names = [picture.name for picture in section.pictures]
    assert names == [f"cell_voltage_V-{POROSITY.column}", f"anode_cv-{POROSITY.column}"]
    for picture in section.pictures:
        assert "Of the other axes one value each is shown: exchange current 3 mA/cm²." in picture.caption
        drawn = [line for line in picture.figure.axes[0].lines if len(line.get_xdata()) == 4]
        assert len(drawn) == 2 * 3  # lines and their points, three layers


def test_a_legend_of_uneven_columns_fits():
    """Four entries in three columns are two, one and one; catches the last one cut off."""
    width = 3 * HANDLE + LETTER * (12 + 7 + 14)
    assert _columns([6, 12, 7, 14], width + 0.01) == 3
    assert _columns([6, 12, 7, 14], width - 0.01) == 2
