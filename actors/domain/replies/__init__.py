"""Decisions about replies: whom to answer, how, in which words, and what is learned from what came of it."""
