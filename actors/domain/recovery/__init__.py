"""Recovery: what the ledger lost or holds wrongly, and what makes it good. Nothing here leads to a publication."""
