"""What a learner sees of prepared data: labelled samples and splits."""
