"""The designs to begin with: the families of the history, each counted against its paper by a test."""

from __future__ import annotations

from collections.abc import Mapping

from explorer.base.languages import join_list, tr, tr_noop
from explorer.design.network_design import DesignError, DesignRow, NetworkDesign
from explorer.networks.arguments import PlainValue


def _rows(*texts: str) -> tuple[DesignRow, ...]:
    return tuple(map(DesignRow.parse, texts))


def lenet_5() -> NetworkDesign:
    """LeCun et al., "Gradient-based learning applied to document recognition", 1998; ReLU, max pooling: 61,706."""
    rows = _rows(
        "valid_conv channels=6, kernel=5", "max_pool kernel=2, stride=2", "valid_conv channels=16, kernel=5",
        "max_pool kernel=2, stride=2",
    )  # fmt: skip
    return NetworkDesign("LeNet-5", (1, 32, 32), 10, (), rows, "flatten", (120, 84))


def nin() -> NetworkDesign:
    """Lin et al., "Network in network", 2014, the network for CIFAR-10: each convolution is followed by two 1×1."""
    plain = "norm='none'"
    rows = _rows(
        f"conv_norm_act channels=192, kernel=5, {plain}", f"conv_norm_act channels=160, kernel=1, {plain}",
        f"conv_norm_act channels=96, kernel=1, {plain}", "max_pool kernel=3, stride=2, padding=1", "dropout percent=50",
        f"conv_norm_act channels=192, kernel=5, {plain}", f"2 conv_norm_act channels=192, kernel=1, {plain}",
        "average_pool kernel=3, stride=2, padding=1", "dropout percent=50",
        f"conv_norm_act channels=192, kernel=3, {plain}", f"conv_norm_act channels=192, kernel=1, {plain}",
    )  # fmt: skip
    return NetworkDesign("NiN", (3, 32, 32), 10, (), rows, "conv")


def vgg_like() -> NetworkDesign:
    """Simonyan and Zisserman, "Very deep convolutional networks", 2015, table 1, column A, with norms; pooled head."""
    rows = [
        row
        for count, width in ((1, 64), (1, 128), (2, 256), (2, 512), (2, 512))
        for row in (f"{count} conv_norm_act channels={width}, kernel=3", "max_pool kernel=2, stride=2")
    ]
    return NetworkDesign(tr_noop("VGG-like"), (3, 224, 224), 1000, (), _rows(*rows))


def resnet_20() -> NetworkDesign:
    """He et al., "Deep residual learning", 2016, §4.2, n = 3, with projections where the shape changes: 0.27 M."""
    rows = (f"3 basic_residual channels={width}, stride={stride}" for width, stride in ((16, 1), (32, 2), (64, 2)))
    return NetworkDesign("ResNet-20", (3, 32, 32), 10, _rows("conv_norm_act channels=16, kernel=3"), _rows(*rows))


def half_resnet_20() -> NetworkDesign:
    """ResNet-20 with half the width: what comes trained with the app; no template."""
    rows = (f"3 basic_residual channels={width}, stride={stride}" for width, stride in ((8, 1), (16, 2), (32, 2)))
    return NetworkDesign("ResNet-20 ×0.5", (3, 32, 32), 10, _rows("conv_norm_act channels=8, kernel=3"), _rows(*rows))


def resnet_18() -> NetworkDesign:
    """He et al., "Deep residual learning", 2016, table 1, 18 layers: 11,689,512."""
    stem = _rows("conv_norm_act channels=64, kernel=7, stride=2", "max_pool kernel=3, stride=2, padding=1")
    widths = ((64, 1), (128, 2), (256, 2), (512, 2))
    rows = (f"2 basic_residual channels={width}, stride={stride}" for width, stride in widths)
    return NetworkDesign("ResNet-18", (3, 224, 224), 1000, stem, _rows(*rows))


def mobilenet_like() -> NetworkDesign:
    """Sandler et al., "MobileNetV2", 2018, table 2: 3,504,872."""
    table = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
    rows = (f"{n} inverted_residual channels={c}, stride={s}, expansion={t}" for t, c, n, s in table)
    last = "conv_norm_act channels=1280, kernel=1, activation='relu6'"
    stem = _rows("conv_norm_act channels=32, kernel=3, stride=2, activation='relu6'")
    return NetworkDesign(tr_noop("MobileNet-like"), (3, 224, 224), 1000, stem, _rows(*rows, last), dropout=0.2)


def densenet_like() -> NetworkDesign:
    """Huang et al., "Densely connected convolutional networks", 2017, DenseNet-BC with L = 100, k = 12: 0.8 M."""
    block = "dense_block growth=12, layers=16"
    rows = _rows(block, "transition channels=108", block, "transition channels=150", block, "norm", "activation")
    return NetworkDesign(
        tr_noop("DenseNet-like"), (3, 32, 32), 10, _rows("convolution channels=24, kernel=3, bias=False"), rows
    )


def shufflenet_like() -> NetworkDesign:
    """Ma et al., "ShuffleNet V2", 2018, table 5, ×1: 2,278,604."""
    stem = _rows("conv_norm_act channels=24, kernel=3, stride=2", "max_pool kernel=3, stride=2, padding=1")
    rows = (f"{n} shuffle_v2 channels={c}, stride=2" for n, c in ((4, 116), (8, 232), (4, 464)))
    last = "conv_norm_act channels=1024, kernel=1"
    return NetworkDesign(tr_noop("ShuffleNet-like"), (3, 224, 224), 1000, stem, _rows(*rows, last))


def u_net() -> NetworkDesign:
    """Ronneberger et al., "U-Net", 2015, figure 1, half as wide, padded: a class for every place."""
    down = (f"down channels={width}" for width in (64, 128, 256, 512))
    up = (f"up channels={width}" for width in (256, 128, 64, 32))
    return NetworkDesign("U-Net", (3, 128, 128), 2, (), _rows("pair channels=32", *down, *up), "segment")


def autoencoder() -> NetworkDesign:
    """Hinton and Salakhutdinov, "Reducing the dimensionality of data", 2006, with convolutions: the image again."""
    down = (f"conv_norm_act channels={width}, kernel=3, stride=2" for width in (32, 64, 128))
    up = (f"expand channels={width}" for width in (64, 32, 16))
    return NetworkDesign(tr_noop("Autoencoder"), (3, 64, 64), 10, (), _rows(*down, *up), "reconstruct")


def all_convolutional() -> NetworkDesign:
    """Springenberg et al., "Striving for simplicity", 2015, table 1, All-CNN-C: 1.4 M, strides in place of pooling."""
    plain = "norm='none'"
    rows = _rows(
        f"2 conv_norm_act channels=96, kernel=3, {plain}", f"conv_norm_act channels=96, kernel=3, stride=2, {plain}",
        "dropout percent=50", f"2 conv_norm_act channels=192, kernel=3, {plain}",
        f"conv_norm_act channels=192, kernel=3, stride=2, {plain}", "dropout percent=50",
        "valid_conv channels=192, kernel=3", f"conv_norm_act channels=192, kernel=1, {plain}",
    )  # fmt: skip
    return NetworkDesign("All-convolutional", (3, 32, 32), 10, (), rows, "conv")


def signal_net() -> NetworkDesign:
    """Wang et al., "Time series classification from scratch", 2017, figure 1b, as strided stages."""
    table = ((32, 9), (64, 7), (128, 5), (256, 3))
    rows = (f"2 signal_conv channels={width}, kernel={kernel}, stride=2" for width, kernel in table)
    return NetworkDesign(tr_noop("Signal network"), (1, 1024), 5, (), _rows(*rows))


#: The designs by key.
TEMPLATES: Mapping[str, NetworkDesign] = {
    build.__name__: build()
    for build in (
        lenet_5, nin, vgg_like, resnet_20, resnet_18, mobilenet_like, densenet_like, shufflenet_like, u_net,
        autoencoder, all_convolutional, signal_net,
    )
}  # fmt: skip


def find_design(key: str, options: Mapping[str, PlainValue] | None = None) -> NetworkDesign:
    """Return a design by the name behind "design:", with some of its values changed; "network" has none of its own.

    Raises DesignError.
    """
    if key == "network":
        return NetworkDesign.from_options(options or {})
    if key not in TEMPLATES:
        raise DesignError(tr("there is no design {key!r}; there are {names}", key=key[:60], names=join_list(TEMPLATES)))
    return TEMPLATES[key].with_options(options or {})
