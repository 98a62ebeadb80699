"""How right a decomposition is: simulated recordings, known responses added to real ones, real files, constants."""
