"""Where recordings come from: PMEmo folders, manifests, simulated studies."""
