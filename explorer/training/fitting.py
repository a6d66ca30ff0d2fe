"""Edits that fit a network to a data set: its classes, and the size of its images."""

from __future__ import annotations

from explorer.base.languages import tr
from explorer.edits import Edit, EditError, FitSmallImages, SetClasses
from explorer.network import Network
from explorer.training.data_spec import DataSpec

#: Side of the images that a set is trained at, in pixels, and the smallest last map that is left of them.
_SIDES: dict[str, tuple[int, int]] = {
    "digits": (16, 2),
    "shapes": (32, 4),
    "fashion_mnist": (32, 4),
    "cifar10": (32, 4),
    "cifar100": (32, 4),
    "imagenette": (128, 4),
    "folder": (128, 4),
}


def output_classes(network: Network) -> int:
    """Return the number of classes that a network tells apart; 0 where it returns anything but (batch, classes)."""
    shape = network.figures.output_shape
    return shape[1] if len(shape) == 2 else 0


def input_shape(network: Network) -> tuple[int, int, int]:
    """Return what a network takes of each image: channels, height, width. Raises EditError where that is no image."""
    shape = network.architecture.input_shape
    if len(shape) != 4:
        raise EditError(tr("{name} takes no images, and data sets here are of images", name=network.title))
    return shape[1], shape[2], shape[3]


def fitting_edits(network: Network, data: DataSpec, class_count: int) -> tuple[Edit, ...]:
    """Return the edits after which a network can be trained on a set; none where it can.

    Networks that were opened for large photos, and still are for them, are made for the set's small ones.

    Raises EditError where it cannot be made to fit.
    """
    needed: list[Edit] = []
    side, keep = _SIDES[data.name]
    if min(input_shape(network)[1:]) > side:
        needed.append(FitSmallImages(side, keep))
    if output_classes(network.edit(*needed)) != class_count:
        needed.append(SetClasses(class_count))
    fitted = network.edit(*needed)
    if output_classes(fitted) != class_count:
        raise EditError(
            tr(
                "{name} returns {shape}, and training needs (batch, {count})",
                name=network.title,
                shape=fitted.figures.output_shape,
                count=class_count,
            )
        )
    return tuple(needed)
