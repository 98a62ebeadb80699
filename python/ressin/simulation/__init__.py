"""Simulated recordings and studies."""
