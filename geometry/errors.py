"""Errors of the geometry package; each message is one sentence naming the thing, its value and the remedy."""


class GeometryError(ValueError):
    """A shape that cannot exist as described: a bad length, porosity, part or count."""


class MatError(GeometryError):
    """A fibre mat that cannot be drawn under the contact policy, or fibres that are badly described."""


class CadError(RuntimeError):
    """OpenCASCADE failed on a valid description; another draw of the mat usually helps."""


def micrometres(length: float) -> str:
    """A length [m] as text in micrometres, for messages."""
    return f"{length * 1e6:.6g} µm"


def require_positive(name: str, value: float) -> None:
    """Raise GeometryError unless ``value`` [m] is a finite length above zero."""
    if not 0.0 < value < float("inf"):
        raise GeometryError(
            f"{name} must be a finite length above 0 µm, got {micrometres(value)}; give it in metres."
        )
