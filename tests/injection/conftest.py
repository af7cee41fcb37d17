"""The bench of the jobs' tests, here too."""

from tests.jobs.conftest import bench

__all__ = ["bench"]
