"""The figures of a parametric study: drawn once with matplotlib, for print and for the report alike."""
