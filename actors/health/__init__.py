"""Health, on the side of the jobs: what the stages of `health_monitor` read, keep and say."""
