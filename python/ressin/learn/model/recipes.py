"""The settings that each network is trained with unless others are given."""

from __future__ import annotations

import dataclasses
from typing import Any

from ressin.errors import InvalidInputError
from ressin.learn.model.settings import NETWORKS, LearnSettings, ModelSettings, TrainSettings

ITERATIONS = {"cnn1d": 160, "rtcan1d": 100, "mlp": 200}
EPOCHS = {"mlp": 10}
MEMBERS = {"cnn1d": 3, "rtcan1d": 3, "mlp": 6}


def recipe(network: str) -> LearnSettings:
    """Give a network's own settings.

    Parameters
    ----------
    network
        ``"resnet18"``: the paper's. ``"cnn1d"`` and ``"rtcan1d"``: three members, AdamW at a constant rate, few
        iterations: they learn windows of a minute in a few epochs, and single people after that. ``"mlp"``: six
        members, balanced classes and more weight decay, chosen on the simulated people of ``bench/phases.py``, and at
        most ten passes over the samples, chosen on other simulated people.

    Raises
    ------
    InvalidInputError
        If there is no such network.
    """
    if network not in NETWORKS:
        raise InvalidInputError(f"network={network!r} is not known: one of {', '.join(NETWORKS)}")
    if network == "resnet18":
        return LearnSettings()
    iterations = ITERATIONS[network]
    training = TrainSettings(
        iterations=iterations,
        most_epochs=EPOCHS.get(network, 0),
        optimizer="adamw",
        weight_decay=0.5 if network == "mlp" else 1e-2,
        decay_every=iterations,
        crop_padding=0,
        class_weights="balanced" if network == "mlp" else "none",
        precision="fp32",
        validate_every=10,
    )
    return LearnSettings(ModelSettings(network=network, members=MEMBERS[network], hidden=0, scaling="none"), training)


def changed(
    settings: LearnSettings, model: dict[str, Any], training: dict[str, Any], *, size: int | None = None
) -> LearnSettings:
    """Change some settings; what hangs on a changed one follows where it is not given itself.

    Parameters
    ----------
    settings
        From `recipe`, or a plan's.
    model, training
        Fields of `ModelSettings` and `TrainSettings`. With other ``iterations`` the learning rate decays after the same
        share of them, and no number of epochs limits them; AdamW takes no momentum.
    size
        Pixels of a picture's side.

    Raises
    ------
    InvalidInputError
        If a setting is refused.
    """
    fields = dict(training)
    trained = settings.training
    if "iterations" in fields:
        if fields["iterations"] < 1:
            raise InvalidInputError(f"iterations={fields['iterations']}: at least 1 is needed")
        trained = dataclasses.replace(trained.lasting(fields.pop("iterations")), most_epochs=0)
    if fields.get("optimizer") == "adamw":
        fields.setdefault("momentum", 0.0)  # that of the settings is SGD's
    image = settings.image if size is None else dataclasses.replace(settings.image, size=size)
    return LearnSettings(dataclasses.replace(settings.model, **model), dataclasses.replace(trained, **fields), image)
