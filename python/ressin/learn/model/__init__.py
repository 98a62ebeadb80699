"""The network: its settings, the subnet, fusion, and the decomposition inside it."""
