"""Tests of the network, its training and its evaluation; they need the extra 'train'."""
