"""Cross-validation, metrics, and what the network is compared with."""
