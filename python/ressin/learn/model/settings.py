"""The settings of the model and its training; the defaults are the paper's."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any

from ressin._files.rebuild import rebuild
from ressin.errors import InvalidInputError
from ressin.image import CHANNELS, ImageSettings

SELECTIONS = {"mix": CHANNELS, **{name: (name,) for name in CHANNELS}}
NETWORKS = ("resnet18", "cnn1d", "rtcan1d", "mlp")
ON_SIGNALS = ("cnn1d", "rtcan1d")
NORMS = ("batch", "none")
SCALINGS = ("running", "none")
OPTIMIZERS = ("sgd", "adamw")
PRECISIONS = ("auto", "fp32", "bf16")
CLASS_WEIGHTS = ("none", "balanced")
GROUPS = ("none", "subject", "song")
DECOMPOSITIONS = ("fixed", "layer")
THRESHOLDS = ("half", "tuned")
MIN_LENGTH, MAX_LENGTH = 16, 4096  # samples; rtcan1d halves its input five times
MAX_MEMBERS = 64


def _one_of(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise InvalidInputError(f"{name}={value!r} is not known: one of {', '.join(known)}")


def _at_least(name: str, value: float, least: float) -> None:
    if not value >= least:
        raise InvalidInputError(f"{name}={value:g}: at least {least:g} is needed")


def _within(name: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise InvalidInputError(f"{name}={value} is outside {least}..{most}")


@dataclass(frozen=True)
class ModelSettings:
    """The network.

    Attributes
    ----------
    network
        The EDA branch: ``"resnet18"``, the paper's subnet on pictures; ``"cnn1d"``, three 1-D convolutions on the
        signals themselves; ``"rtcan1d"``, the same authors' residual network with temporal and channel attention, on
        the signals, too; or ``"mlp"``, one hidden layer on the features of intervals, each as z-score and as rank
        within the person, for data with many samples of each person that are there as a whole.
    length
        Samples that a network on signals is given of each recording, whatever its rate and duration: the means of so
        many equal stretches. 16 to 4096.
    members
        Networks trained side by side from different initial weights on the same batches; the model's probability is the
        mean of theirs. 1 to 64.
    channels
        What the EDA branch sees: ``"origin"``, ``"phasic"`` or ``"tonic"`` (one input plane, or the features of one),
        or ``"mix"``, all three.
    use_eda, use_music
        Either branch can be switched off, not both.
    norm
        Normalisation inside ``"resnet18"`` (the other networks have batch normalisation): ``"batch"``, or ``"none"``
        (convolutions with biases; the residual branches start at zero, so that the signal does not grow with depth).
        The paper does not say; on simulated data ``"none"`` trained to the lower loss with the paper's optimizer, and
        on new subjects the two did not differ beyond their intervals.
    scaling
        Of the EDA features before fusion: ``"running"`` is a z-score with running mean and deviation (a batch
        normalisation without parameters), ``"none"`` passes them on.
    within_person
        The EDA features of each sample are z-scored over the samples of its person, in training over those in the
        batch, else over all that are given, without their labels: what is left is how a sample differs from the
        person's others. A network on signals is given ranks, each channel's values among all that the person has, in
        the place of the values. For data with many samples of each person that are there as a whole; such a model tells
        nothing of a single recording.
    hidden
        Width of the fusion layer; 0 goes from the features to the logits at once.
    imagenet
        Path to weights of torchvision's ``resnet18`` (``.pth`` or ``.safetensors``) to start from; "" starts at random.
        Needs ``norm="batch"``.
    pretrained
        Path to a model (``model.safetensors``, or what ``ressin pretrain`` wrote) whose EDA branch the training starts
        from; "" starts at random. It must be of the same network, channels and number of members.
    decompose
        ``"fixed"`` draws the phasic and tonic part that the data were prepared with. ``"layer"`` decomposes inside the
        network, `ressin.nn.CvxEDA` from the origin channel: alpha, tau0 and tau1, shared by all recordings, are learned
        with everything else. It needs recordings of one sampling rate, and a part to see.
    """

    network: str = "resnet18"
    length: int = 64
    members: int = 1
    within_person: bool = False
    channels: str = "mix"
    use_eda: bool = True
    use_music: bool = True
    norm: str = "none"
    scaling: str = "running"
    hidden: int = 512
    imagenet: str = ""
    pretrained: str = ""
    decompose: str = "fixed"

    def __post_init__(self) -> None:
        _one_of("network", self.network, NETWORKS)
        _one_of("channels", self.channels, tuple(SELECTIONS))
        _one_of("norm", self.norm, NORMS)
        _one_of("scaling", self.scaling, SCALINGS)
        _one_of("decompose", self.decompose, DECOMPOSITIONS)
        _at_least("hidden", self.hidden, 0)
        _within("length", self.length, MIN_LENGTH, MAX_LENGTH)
        _within("members", self.members, 1, MAX_MEMBERS)
        if not (self.use_eda or self.use_music):
            raise InvalidInputError("use_eda and use_music are both off: the model would see nothing")
        if self.network == "mlp" and self.within_person:
            raise InvalidInputError(
                "network='mlp' is given each feature relative to the person already: within_person is for the others"
            )
        if self.network != "resnet18" and (self.imagenet or self.decompose == "layer"):
            what = f"imagenet={self.imagenet!r}" if self.imagenet else "decompose='layer'"
            raise InvalidInputError(f"{what} is of network='resnet18'; network={self.network!r} has no pictures")
        if self.decompose == "layer" and self.members > 1:
            raise InvalidInputError(
                f"decompose='layer' learns one decomposition; members={self.members} networks would learn several"
            )
        if self.pretrained and (self.imagenet or not self.use_eda):
            raise InvalidInputError(
                f"pretrained={self.pretrained!r} is for the EDA branch: not with imagenet, nor without use_eda"
            )
        if self.within_person and not (self.use_eda and self.decompose == "fixed"):
            raise InvalidInputError("within_person scales features of the EDA branch, of recordings decomposed before")
        if self.imagenet and self.norm != "batch":
            raise InvalidInputError(
                f"imagenet weights come with batch normalisation; norm={self.norm!r} cannot hold them"
            )

        if self.decompose == "layer" and not (self.use_eda and self.channels != "origin"):
            raise InvalidInputError(
                f"decompose='layer' learns from the parts; channels={self.channels!r} with use_eda={self.use_eda} "
                "show none"
            )

    @property
    def on_signals(self) -> bool:
        """Whether the EDA branch is given signals of `length` samples in the place of pictures."""
        return self.network in ON_SIGNALS

    @property
    def on_features(self) -> bool:
        """Whether the EDA branch is given features of intervals in the place of pictures."""
        return self.network == "mlp"

    @property
    def compares_samples(self) -> bool:
        """Whether what it says of a sample depends on the person's other samples."""
        return self.within_person or (self.use_eda and self.on_features)

    @property
    def n_planes(self) -> int:
        """Input planes of the EDA branch: 1, or 3 for ``"mix"``."""
        return len(SELECTIONS[self.channels])

    @property
    def channel_index(self) -> tuple[int, ...]:
        """Positions of the planes among `ressin.image.CHANNELS`."""
        return tuple(CHANNELS.index(name) for name in SELECTIONS[self.channels])


@dataclass(frozen=True)
class TrainSettings:
    """How it is trained.

    Attributes
    ----------
    iterations
        Optimizer steps. The paper gives the schedule but not the number; 900 is three of its stages.
    most_epochs
        The training is no longer than that many passes over its samples, so that few samples are not learnt by heart;
        the decay of the learning rate scales. 0 for no limit.
    batch_size
        Samples a step, over all processes together.
    optimizer
        ``"sgd"`` or ``"adamw"``.
    learning_rate, momentum, weight_decay
        Of the optimizer; momentum is SGD's.
    decompose_factor
        The learning rate of the logarithms of alpha, tau0 and tau1, where they are learned, is this many times higher;
        they have no weight decay.
    decay_every, decay_factor
        The learning rate is multiplied by the factor after every so many iterations.
    crop_padding
        Pixels added around a training picture before a crop of the original size is taken at random; 0 for none. A
        network on signals sees them moved by up to so many samples of its ``length``, the ends repeated.
    class_weights
        ``"balanced"`` weighs each class by the inverse of its share in the training part; ``"none"``.
    validation_share
        Part of the training rows held back for early stopping; 0 for none.
    validation_group
        What is held back as a whole: files (``"none"``), ``"subject"`` or ``"song"``.
    validate_every, patience
        Iterations between validations, and how many of them without a lower loss end the training. The
        weights with the best one are kept.
    threshold
        Probabilities above it are called high: ``"half"``, 0.5; or ``"tuned"``, where the balanced accuracy on the part
        held back for validation is highest, so that it needs a ``validation_share``.
    precision
        ``"fp32"``; ``"bf16"``, mixed precision; or ``"auto"``: bf16 where the machine computes it in hardware. On a CPU
        bf16 is for pictures of more than 16 pixels.
    channels_last
        Memory layout of the pictures that convolutions are fastest in; the result differs by rounding only.
    compile
        Use ``torch.compile``.
    seed
        Decides the initial weights, the order and the crops.
    """

    iterations: int = 900
    most_epochs: int = 0
    batch_size: int = 100
    optimizer: str = "sgd"
    learning_rate: float = 1e-3
    momentum: float = 0.0
    weight_decay: float = 0.0
    decompose_factor: float = 10.0
    decay_every: int = 300
    decay_factor: float = 0.1
    crop_padding: int = 8
    class_weights: str = "none"
    validation_share: float = 0.0
    validation_group: str = "none"
    validate_every: int = 50
    patience: int = 5
    threshold: str = "half"
    precision: str = "auto"
    channels_last: bool = True
    compile: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        _one_of("optimizer", self.optimizer, OPTIMIZERS)
        _one_of("class_weights", self.class_weights, CLASS_WEIGHTS)
        _one_of("validation_group", self.validation_group, GROUPS)
        _one_of("precision", self.precision, PRECISIONS)
        _one_of("threshold", self.threshold, THRESHOLDS)
        for name in ("iterations", "batch_size", "decay_every", "validate_every", "patience"):
            _at_least(name, getattr(self, name), 1)
        for name in (
            "learning_rate",
            "momentum",
            "weight_decay",
            "decompose_factor",
            "crop_padding",
            "validation_share",
            "most_epochs",
            "seed",
        ):
            _at_least(name, getattr(self, name), 0)
        if not 0.0 < self.decay_factor <= 1.0:
            raise InvalidInputError(f"decay_factor={self.decay_factor:g} is outside (0, 1]")
        if self.validation_share >= 1.0:
            raise InvalidInputError(f"validation_share={self.validation_share:g} leaves nothing to train on")
        if self.threshold == "tuned" and not self.validation_share:
            raise InvalidInputError("threshold='tuned' is tuned on what is held back: give a validation_share, as 0.2")
        if self.momentum and self.optimizer != "sgd":
            raise InvalidInputError(f"momentum={self.momentum:g} is SGD's; optimizer={self.optimizer!r} has its own")

    def lasting(self, iterations: int) -> TrainSettings:
        """Give a training of another length: the decay of the learning rate keeps its share of the iterations."""
        scaled = max(1, round(self.decay_every * iterations / self.iterations))
        return dataclasses.replace(self, iterations=iterations, decay_every=scaled)

    def limited(self, n_samples: int) -> TrainSettings:
        """Give the training of so many samples: as it is, or as short as `most_epochs` makes it."""
        most = -(-self.most_epochs * n_samples // self.batch_size)
        return self if not self.most_epochs or self.iterations <= most else self.lasting(max(most, 1))


@dataclass(frozen=True)
class LearnSettings:
    """Model, training and pictures together: all that decides a result, apart from the data."""

    model: ModelSettings = field(default_factory=ModelSettings)
    training: TrainSettings = field(default_factory=TrainSettings)
    image: ImageSettings = field(default_factory=ImageSettings)

    def as_dict(self) -> dict[str, Any]:
        """Return nested dictionaries of plain values."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> LearnSettings:
        """Rebuild settings that `as_dict` gave, checking every name and type.

        Raises
        ------
        InvalidInputError
            For an unknown or missing name, a value of another type, or one that the settings refuse.
        """
        if set(values) != {"model", "training", "image"}:
            raise InvalidInputError("settings must hold the parts model, training and image")
        return cls(
            model=rebuild(ModelSettings, values["model"], "model"),
            training=rebuild(TrainSettings, values["training"], "training"),
            image=rebuild(ImageSettings, values["image"], "image"),
        )


DEFAULT = LearnSettings()
