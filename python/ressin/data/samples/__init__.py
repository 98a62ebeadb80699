"""Prepared data for learning: labelled samples and splits."""
