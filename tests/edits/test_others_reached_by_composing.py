"""More networks that are reached by composing alone: with attention, with other downsampling, with maps of scores, with
blocks of another family. Each is counted and computes what an independent module computes with the same weights."""

from __future__ import annotations

import timm
from torch import Tensor, nn
from torchvision import models

from explorer.base.id_text import join_ids
from explorer.edits import Connect, CopyBlock, InsertPart, ReplaceByPart, TakeOut
from explorer.edits.transplants import describe_block
from tests.edits.test_random_edits import check_count, check_replay
from tests.edits.test_random_outputs import small
from tests.edits.test_reached_by_composing import check_equal, composed


def test_eca_resnet_50_d() -> None:
    """Wang et al., "ECA-Net", 2020, in the ResNet-D of He et al., "Bag of tricks", 2018."""
    network = composed(
        "resnet50",
        TakeOut("bn1,relu"),
        ReplaceByPart("conv1", "resnet_d_stem"),
        ReplaceByPart("layer2.0,layer3.0,layer4.0", "resnet_d_downsampling"),
    )
    last = [name for name in network.architecture.live if name.endswith((".bn3", ".expand.norm"))]
    network = network.edit(InsertPart(join_ids(last), "eca"))
    check_count(network)
    check_replay(network)
    check_equal(network, timm.create_model("ecaresnet50d"), 25_576_350)


def test_se_resnext_26_d() -> None:
    """SE-ResNeXt with the shortcuts of ResNet-D, two blocks a stage: each shortcut averages before its 1×1."""
    gone = [f"layer{stage}.{block}" for stage, count in ((1, 3), (2, 4), (3, 6), (4, 3)) for block in range(2, count)]
    norms = [f"layer{stage}.{block}.bn3" for stage in (1, 2, 3, 4) for block in (0, 1)]
    lender = small("resnet50").edit(ReplaceByPart("layer2.0", "resnet_d_downsampling"))
    shortcut = "layer2.resnet_d_downsampling.shortcut"
    text = describe_block(lender.architecture, shortcut)
    borrowed = [
        CopyBlock(f"layer{stage}.0.downsample", shortcut, "ResNet-50", "replace", description=text)
        for stage in (2, 3, 4)
    ]
    network = composed(
        "resnext50_32x4d",
        TakeOut("bn1,relu"),
        ReplaceByPart("conv1", "resnet_d_stem"),
        TakeOut(join_ids(gone)),
        InsertPart(join_ids(norms), "squeeze_excitation"),
        *borrowed,
    )
    check_equal(network, timm.create_model("seresnext26d_32x4d"), 16_809_512)


def test_fully_convolutional_vgg_16() -> None:
    """Long et al., "Fully convolutional networks", 2015, figure 3: scores of three depths, added while enlarged."""
    network = small("vgg16")
    head = [name for name in network.architecture.live if name.startswith(("avgpool", "flatten", "classifier"))]
    network = network.edit(TakeOut(join_ids(head)), InsertPart("features.30", "pointwise", "channels=21"))
    last = "features.pointwise"
    for pooled in ("features.23", "features.16"):
        network = network.edit(
            InsertPart(last, "upsample", "mode='bilinear'"), Connect("output", pooled, fit="project")
        )
        last = network.architecture.output.inputs[0]
    network = network.edit(InsertPart(last, "upsample", "factor=8, mode='bilinear'"))
    check_replay(network)
    check_count(network)

    class FCN8(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.features = models.vgg16().features
            self.scores = nn.ModuleList(nn.Conv2d(width, 21, 1) for width in (512, 512, 256))

        def forward(self, x: Tensor) -> Tensor:
            kept: list[Tensor] = []
            for number, layer in enumerate(self.features):
                x = layer(x)
                if number in (16, 23):
                    kept.append(x)
            x = self.scores[0](x)
            for score in list(self.scores)[1:]:
                x = nn.functional.interpolate(x, scale_factor=2, mode="bilinear") + score(kept.pop())
            return nn.functional.interpolate(x, scale_factor=8, mode="bilinear")

    reference = FCN8()
    check_equal(network, reference, sum(parameter.numel() for parameter in reference.parameters()))
