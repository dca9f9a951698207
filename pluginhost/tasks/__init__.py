"""What Celery does: each task is a name, a retry policy and one call to an action."""

from .exports import build_exports
from .retention import apply, apply_all
from .sweeps import look_at_queue, sweep

__all__ = ["apply", "apply_all", "build_exports", "look_at_queue", "sweep"]
