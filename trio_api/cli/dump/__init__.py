"""Dumping a list: pages in, JSON Lines out, with a checkpoint that a kill cannot spoil."""
