"""A network whose first layers run patch by patch: what each patch reads, what that saves and what it costs."""
