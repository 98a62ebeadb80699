"""Samples as they arrive: lines of text, a growing file, the Lab Streaming Layer."""
