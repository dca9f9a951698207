"""What Celery does: each task is a name, a retry policy and one call to an action."""

from .sweeps import look_at_queue, sweep

__all__ = ["look_at_queue", "sweep"]
