"""A trained model: made, saved, used, exported."""
