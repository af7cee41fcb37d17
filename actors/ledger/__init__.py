"""The ledger: the one way from a decision to a post, and from every doubt back to what is known.

A run that publishes goes through it in this order: `publisher` (is this process the one that publishes), `recovery`
(what an earlier run left), `settlement` (what the timeline says of doubts), `permission` (what may go out now), and
`attempt` (one part, one intent, one click, one receipt). Everything runs in the run's thread.
"""
