"""Pure decisions: functions of (state, event, now), driven alike by threads, tests and a virtual clock."""
