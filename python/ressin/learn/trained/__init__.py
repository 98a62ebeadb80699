"""A trained model: training, checkpoints, prediction, export."""
